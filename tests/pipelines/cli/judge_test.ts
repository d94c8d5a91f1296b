/** `deno task judge` in this process, with a stub endpoint. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { inProcess } from "../../support/command.ts";
import { type Behaviour, completion, withEndpoint } from "../../support/judge_server.ts";

const count = 12;
const instructions = Array.from({ length: count }, (_, at) => `Instruction ${at}`);

/** Prefers the output that says "good", in whichever order the two are shown. */
const fair: Behaviour = async (request) => {
  const { messages } = await request.json(), asked: string = messages.at(-1).content;
  const isFirst = asked.indexOf("good") < asked.indexOf("bad");
  return completion(isFirst ? "m" : "M", [["m", Math.log(isFirst ? 0.9 : 0.1)], ["M", Math.log(isFirst ? 0.1 : 0.9)]]);
};

/** Runs a test with a stub endpoint and a folder of predictions and reference outputs. */
async function judging(
  behave: Behaviour,
  use: (
    judge: (...args: readonly string[]) => ReturnType<typeof inProcess>,
    folder: string,
    asked: () => number,
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const predictions = instructions.map((_, at) =>
      JSON.stringify({ prompt: "…", prediction: `good ${"é".repeat(at)}` })
    );
    await Deno.writeTextFile(join(folder, "predictions.jsonl"), predictions.join("\n"));
    const reference = instructions.map((instruction) => ({ instruction, output: "bad", dataset: "own" }));
    await Deno.writeTextFile(join(folder, "reference.json"), JSON.stringify(reference));
    await withEndpoint(behave, (address, requests) =>
      use(
        (...args) =>
          inProcess("judge", join(folder, "predictions.jsonl"), ...[
            ...["--against", join(folder, "reference.json"), "--endpoint", address, "--model", "judge"],
            ...["--out", join(folder, "out"), "--store", join(folder, "store"), ...args],
          ]),
        folder,
        () => requests.length,
      ));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("judge shows the cost and sends no requests before --yes", () =>
  judging(fair, async (judge, folder, asked) => {
    const { code, stdout, stderr } = await judge("--price-in", "10", "--price-out", "30");
    assert.deepEqual([code, stdout, asked()], [0, "", 0]);
    assert.match(
      stderr,
      /^12 questions to judge at 127\.0\.0\.1:\d+ \(0 are answered in the store\): about [\d,]+ tokens in/,
    );
    assert.match(stderr, /, about \$0\.0\d\nsent no requests; --yes sends them\n$/);
    await assert.rejects(Deno.stat(join(folder, "out")));
  }));

Deno.test("judge writes AlpacaEval's files and win rates, and asks each question once", () =>
  judging(fair, async (judge, folder, asked) => {
    const { code, stdout } = await judge("--yes", "--generator", "mine");
    const board = JSON.parse(stdout);
    assert.deepEqual([code, board.n_wins, board.n_total, asked()], [0, count, count, count]);
    assert.ok(Math.abs(board.win_rate - 90) < 1e-9 && Math.abs(board.length_controlled_minimal - 90) < 5);
    const read = async (name: string) => JSON.parse(await Deno.readTextFile(join(folder, "out", name)));
    const outputs = await read("model_outputs.json");
    assert.deepEqual(outputs[1], { instruction: "Instruction 1", output: "good é", generator: "mine", dataset: "own" });
    const [first] = await read("annotations.json");
    assert.deepEqual([first.index, first.output_1, first.output_2, first.generator_2], [0, "bad", "good ", "mine"]);
    const again = await judge("--yes", "--generator", "mine");
    assert.deepEqual([again.stdout, asked()], [stdout, count]);
  }));

Deno.test("answers that were received before the judge failed are kept", () =>
  judging(
    async (request, tries) => tries < 5 ? await fair(request, tries) : new Response("", { status: 400 }),
    async (judge, folder, asked) => {
      const { code, stdout, stderr } = await judge("--yes");
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(
        stderr,
        /^error: 127\.0\.0\.1:\d+ rejects the request \(400\); correct the model or its settings$/m,
      );
      await assert.rejects(Deno.stat(join(folder, "out")), "nothing is left half written");
      assert.ok(asked() < 10);
      assert.match((await judge()).stderr, /^[78] questions .*\([45] are answered in the store\)/);
    },
  ));

Deno.test("a judge that has to be asked again is reported once, since that takes a while", () =>
  judging(
    async (request, tries) => tries < 2 ? new Response("", { status: 500 }) : await fair(request, tries),
    async (judge) => {
      const { code, stderr } = await judge("--yes");
      assert.equal(code, 0);
      const noted = stderr.split("\n").filter((line) => line.includes("repeated"));
      assert.equal(noted.length, 1, stderr);
      assert.match(noted[0]!, /127\.0\.0\.1:\d+: it answers 500; requests that fail are repeated up to 6 times$/);
    },
  ));

Deno.test("judge refuses a folder whose own files it would overwrite, before it asks anything", () =>
  judging(fair, async (judge, folder, asked) => {
    await Deno.mkdir(join(folder, "out"));
    await Deno.writeTextFile(join(folder, "out", "annotations.json"), "mine");
    const { code, stderr } = await judge("--yes");
    assert.deepEqual([code, asked()], [2, 0]);
    assert.match(stderr, /out\/annotations\.json: would be overwritten, but is not from an earlier output; give --out/);
    assert.equal(await Deno.readTextFile(join(folder, "out", "annotations.json")), "mine");
  }));

Deno.test("a judge without log-probabilities is reported, and its text is used on request", () =>
  judging(() => completion("m"), async (judge) => {
    const { code, stderr } = await judge("--yes");
    assert.equal(code, 1);
    assert.match(stderr, /returns no log-probabilities for judge, .*; use --unweighted, or another model$/m);
    const { win_rate } = JSON.parse((await judge("--yes", "--unweighted")).stdout);
    assert.ok(win_rate > 0 && win_rate < 100, "the outputs are shown in random order");
  }));

Deno.test("judge refuses a missing endpoint, or one without a key, in one line", () =>
  judging(fair, async (judge, folder) => {
    const refused = async (...args: readonly string[]) => {
      const { code, stderr } = await judge(...args);
      assert.equal(code, 2);
      assert.equal(stderr.trimEnd().split("\n").length, 1);
      return stderr;
    };
    assert.match(await refused("--endpoint", "https://api.example/v1"), /needs a key; name its variable/);
    assert.match(
      await refused("--endpoint", "https://api.example/v1", "--key", "JUDGE_KEY"),
      /JUDGE_KEY is not set; set it to the key/,
    );
    assert.match(await refused("--key", "sk-1-2"), /takes a variable's name, not the key itself/);
    assert.match(await refused("--endpoint", "http://api.example/v1"), /unencrypted; use https/);
    assert.match(await refused("--endpoint", "api.example"), /is not the URL of an endpoint/);
    await Deno.writeTextFile(join(folder, "reference.json"), '[{"instruction": "other", "output": "bad"}]');
    assert.match(await refused(), /predictions\.jsonl:2: the row's "instruction" is missing/);
    await Deno.writeTextFile(join(folder, "reference.json"), '[{"instruction": 1, "output": "bad"}]');
    assert.match(await refused(), /reference\.json:1: the row's "instruction" is not text/);
  }));
