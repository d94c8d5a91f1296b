import assert from "node:assert/strict";
import { TextStream } from "../../../pipelines/decoding/text_stream.ts";
import { inProcess, inProcessWith } from "../../support/command.ts";
import { conversations, inChatScene } from "../../support/chat_scene.ts";
import { inScene, type Scene, sceneRows } from "../../support/scene.ts";

const decoding = "greedy({ maxNewTokens: 6 })";

function chat(scene: Scene, lines: readonly string[], ...options: readonly string[]) {
  const store = ["--store", scene.path("store"), "--threads", "1", "--max-new-tokens", "6"];
  return inProcessWith(lines, "chat", scene.path("out"), ...store, ...options);
}

Deno.test("chat answers each line as the run's evaluation does", () =>
  inScene({ decoding, heldOut: "rows" }, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    const predictions = await Deno.readTextFile(scene.path("out", "members", "main", "tuned", "predictions.jsonl"));
    const expected = predictions.trimEnd().split("\n").map((line) => JSON.parse(line).prediction);
    const { code, stdout, stderr } = await chat(scene, [...sceneRows.map(({ q }) => q), "", "not read"]);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, expected.map((text) => `${text}\n`).join(""));
  }));

Deno.test("chat samples with a seed, and takes a member, another template and another folder of the model", () =>
  inScene({ decoding, rank: 'sweep("rank", [1, 2])' }, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    const options = ["--member", "rank=2", "--temperature", "3", "--template", "say {prompt}\\nnow"];
    const draw = async (...more: readonly string[]) => {
      const { code, stdout, stderr } = await chat(scene, ["The cat", "The cat"], ...options, ...more);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    const first = await draw();
    assert.equal(await draw("--model", scene.path("model")), first);
    assert.notEqual(await draw("--seed", "7"), first);
    const [one, two] = first.split("\n");
    assert.notEqual(one, two, "each line is sampled independently");
  }));

Deno.test("chat takes the fields of the template and the edits from --fields, and other positions", () => {
  const edit = `...(({ at }) => [loreft({ at, positions: "{q}.l1", rank: 2, subspace: "rows" })])`;
  const rows = JSON.stringify(sceneRows.map((row) => ({ ...row, rows: [1] })));
  const preamble = `const listed = records(${rows}, { prompt: "{q}\\n", completion: "{a}" });`;
  const parts = { decoding, edit, preamble, data: "listed", heldOut: "listed", epochs: "4" };
  return inScene(parts, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    const predictions = await Deno.readTextFile(scene.path("out", "members", "main", "tuned", "predictions.jsonl"));
    const expected = predictions.trimEnd().split("\n").map((line) => JSON.parse(line).prediction);
    const ask = (...options: readonly string[]) => chat(scene, sceneRows.map(({ q }) => q), ...options);
    const places = ["--positions", "{prompt}.l1"];
    const asked = await ask("--fields", '{"rows": [1]}', ...places);
    assert.equal(asked.code, 0, asked.stderr);
    assert.equal(asked.stdout, expected.map((text) => `${text}\n`).join(""));
    const unknown = await ask("--fields", '{"rows": [1]}');
    assert.deepEqual([unknown.code, unknown.stdout], [2, ""]);
    assert.match(unknown.stderr, /the positions "\{q\}.l1" name no field of the prompt's template; .*"prompt"\n$/);
    const bare = await ask(...places);
    assert.match(bare.stderr, /the row has no field "rows", which the edit's subspace names/);
    for (const text of ["[1]", "rows=1"]) {
      const { code, stderr } = await ask("--fields", text);
      assert.equal(code, 2);
      assert.match(stderr, /give a JSON object, as in/);
    }
  });
});

Deno.test("chat keeps a conversation if the model has a chat template, and prompts with each line separately with --plain", () => {
  const edit = '...(() => [lora({ blocks: "all", modules: ["q_proj", "v_proj"], rank: 2 })])';
  const parts = { edit, data: 'chat(talks, { loss: "all-turns" })', decoding, epochs: "3" };
  return inChatScene(parts, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    const predictions = await Deno.readTextFile(scene.path("out", "members", "main", "tuned", "predictions.jsonl"));
    const answers = predictions.trimEnd().split("\n").map((line) => JSON.parse(line).prediction);
    const ask = async (lines: readonly string[], ...options: readonly string[]) => {
      const { code, stdout, stderr } = await chat(scene, lines, ...options);
      assert.equal(code, 0, stderr);
      return { said: stdout.split("\n").slice(0, -1), stderr };
    };
    const first = conversations[0]![0]!.content;
    const { said: [alone, again] } = await ask([first, first]);
    assert.equal(alone, answers[0]);
    assert.notEqual(again, alone, "the second answer depends on the first");
    const { said: [plain, plainAgain] } = await ask([first, first], "--plain");
    assert.equal(plainAgain, plain);
    assert.notEqual(plain, alone);
    assert.deepEqual((await ask([first], "--template", "{prompt}\\n")).said, [plain]);
    assert.notDeepEqual((await ask([first], "--system", "Be kind to everyone")).said, [alone]);
    const other = "{{ messages[-1].content ~ '\\n' }}";
    assert.notDeepEqual((await ask([first], "--chat-template", other)).said, [alone]);
    const { said, stderr } = await ask(Array(8).fill(first));
    assert.equal(said.length, 8);
    assert.match(stderr, /the first \d+ messages no longer fit and are forgotten\n/);
    for (
      const [options, expected] of [
        [
          ["--plain", "--system", "a"],
          /--chat-template and --system cannot be combined with --plain and --template; omit one /,
        ],
        [["--chat-template", "none"], /the tokenizer has no chat template "none"; use one of those it has: "default"/],
      ] as const
    ) {
      const { code, stderr } = await chat(scene, [first], ...options);
      assert.equal(code, 2);
      assert.match(stderr, expected);
    }
  });
});

const misuses: Readonly<Record<string, readonly [options: readonly string[], expected: RegExp]>> = {
  "several members": [[], /has several members; choose one with --member: rank=1 rank=2$/],
  "an unknown member": [
    ["--member", "rank=3"],
    /has no trained member "rank=3"; did you mean "rank=1" \(it has "rank=1", "rank=2"\)$/,
  ],
  "a template without a prompt": [["--template", "hello"], /write \{prompt\} where the prompt goes$/],
  "a negative temperature": [["--temperature", "-1"], /give a number of at least 0$/],
  "a top-p above 1": [["--top-p", "2"], /give a number from 0 to 1$/],
};

Deno.test("chat reports a problem in one line", () =>
  inScene({ rank: 'sweep("rank", [1, 2])' }, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    for (const [name, [options, expected]] of Object.entries(misuses)) {
      const { code, stdout, stderr } = await chat(scene, ["The cat"], ...options);
      assert.equal(code, 2, name);
      assert.equal(stdout, "", name);
      assert.match(stderr.trimEnd(), expected, name);
      assert.equal(stderr.trimEnd().split("\n").length, 1, name);
    }
    const { code, stderr } = await inProcessWith([], "chat", scene.path("model"));
    assert.equal(code, 2);
    assert.match(stderr, /holds no trained intervention; give the folder of a run or an intervention$/m);
  }));

Deno.test("a base model where a trained one is expected is named as such", async () => {
  for (const command of [["chat"], ["merge", "--out", "/x"], ["export", "--to", "pyreft", "--out", "/x"]]) {
    const { code, stderr } = await inProcess(...command, "builtin:tiny");
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^error: builtin:tiny is a base model and not what was trained; give .* serve builtin:tiny\n$/,
    );
  }
});

Deno.test("a text stream holds back incomplete characters", () => {
  const shown: string[] = [];
  const stream = new TextStream((text) => shown.push(text));
  for (const text of ["a", "a\ufffd", "a\ufffd\ufffd", "aé", "aé b\ufffd"]) stream.show(text);
  stream.end();
  assert.deepEqual(shown, ["a", "é", " b", "\ufffd"]);
});
