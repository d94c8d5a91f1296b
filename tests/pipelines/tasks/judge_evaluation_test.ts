/** Evaluations whose answers a judge compares, with a local stub endpoint. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { judge } from "refract";
import { ofKind } from "../../../pipelines/common/of_kind.ts";
import { measure } from "../../../pipelines/metrics/measure.ts";
import { readPredictions } from "../../../pipelines/results/read_predictions.ts";
import type { Results } from "../../../pipelines/results/results.ts";
import { readGamed } from "../../../pipelines/tasks/alpaca_eval/gamed.ts";
import { leaderboardOf } from "../../../pipelines/tasks/alpaca_eval/leaderboard.ts";
import { winRate } from "../../../pipelines/tasks/alpaca_eval/win_rate.ts";
import { inProcess } from "../../support/command.ts";
import { type Behaviour, completion, withEndpoint } from "../../support/judge_server.ts";
import { inFolder } from "../models/support.ts";

const rows = [0, 1, 2].map((at) => ({ instruction: `Say ${at}.`, output: `reference ${at}`, dataset: "own" }));

/** Prefers the reference of the last instruction, and the model's own answer otherwise. */
const fair: Behaviour = async (request) => {
  const { messages } = await request.json(), asked: string = messages.at(-1).content;
  const isReferenceFirst = /<answer model="m">\nreference/.test(asked), isLast = asked.includes("Say 2.");
  return completion(isReferenceFirst === isLast ? "m" : "M");
};

const text = (settings: string, data = "records(rows, { prompt: '{instruction}', completion: '{output}' })") => `
import { baseModel, evaluate, greedy, judge, pipeline, records } from "refract";
const rows = ${JSON.stringify(rows)};
const by = { model: "judge", weighted: false, ${settings} };
const metrics = [judge(by), judge({ ...by, report: "discrete_win_rate" })];
export default pipeline("judged", () => ({
  answers: evaluate(baseModel("builtin:tiny"), { data: ${data}, decoding: greedy({ maxNewTokens: 2 }), metrics }),
}));
`;

Deno.test("a judge compares answers with completions, is asked once, and its cost is shown first", () =>
  withEndpoint(fair, (endpoint, requests) =>
    inFolder(async (folder) => {
      const path = join(folder, "p.ts"), out = join(folder, "out");
      await Deno.writeTextFile(path, text(`endpoint: ${JSON.stringify(endpoint)}, generator: "mine"`));
      const run = () => inProcess("run", path, "--json", ...["--store", join(folder, "store"), "--out", out]);
      const { code, stdout, stderr } = await run();
      assert.equal(code, 0, stderr);
      assert.match(
        stderr,
        /answers: 3 questions to judge at 127\.0\.0\.1:\d+ \(0 are answered in the store\): about \d+ tokens in and 3 out/,
      );
      const { members: [member] }: Results = JSON.parse(stdout), [stage] = ofKind(member!.stages, "evaluate");
      const preferences = (await readPredictions({ folder: out, files: new Map() }, stage!.predictions)).map((
        { preference },
      ) => preference);
      assert.deepEqual(preferences, [2, 2, 1]);
      const expected = winRate([2, 2, 1]);
      assert.ok(Math.abs(stage!.metrics["win_rate"]! - expected.win_rate) < 1e-9);
      assert.ok(Math.abs(stage!.standardErrors!["win_rate"]! - expected.standard_error) < 1e-9);
      assert.ok(Math.abs(stage!.metrics["discrete_win_rate"]! - expected.discrete_win_rate) < 1e-9);
      const [first] = JSON.parse(await Deno.readTextFile(join(out, "members/main", stage!.name, "model_outputs.json")));
      assert.deepEqual({ ...first, output: "" }, {
        instruction: "Say 0.",
        output: "",
        generator: "mine",
        dataset: "own",
      });
      assert.equal(requests.length, 3);
      const again = await run(), [same] = ofKind((JSON.parse(again.stdout) as Results).members[0]!.stages, "evaluate");
      assert.deepEqual([same!.cached, requests.length], [true, 3]);
      assert.ok(!again.stderr.includes("questions to judge"));
    })));

Deno.test("win rates match AlpacaEval over the readable verdicts", () => {
  const row = (preference: number | null, at: number) => ({
    ...{ prompt: "", completion: "x".repeat(at + 1), prediction: "y".repeat((at * 7) % 11), preference },
    ...{ fields: {}, place: { file: "f" } },
  });
  const preferences = [1, 2, 1.5, 0, 1.2, 2, 1.9, 1.7, 1.4, 2, 1.1, 1.3];
  const by = { endpoint: "http://127.0.0.1:1", model: "judge" };
  const metrics = [
    judge(by),
    judge({ ...by, report: "discrete_win_rate" }),
    judge({ ...by, report: "length_controlled_minimal" }),
  ];
  const found = measure(metrics, { kind: "texts", rows: [...preferences.map(row), row(null, 12)] });
  const { win_rate, standard_error, discrete_win_rate } = winRate(preferences);
  assert.ok(Math.abs(found.metrics["win_rate"]! - win_rate) < 1e-9);
  assert.ok(Math.abs(found.metrics["discrete_win_rate"]! - discrete_win_rate) < 1e-9);
  // A preference of 0 is a draw.
  assert.ok(Math.abs(found.standardErrors["win_rate"]! - standard_error) < 1e-9);
  assert.ok(found.metrics["length_controlled_minimal"]! > 0 && found.metrics["length_controlled_minimal"]! < 100);
  assert.deepEqual(found.units["win_rate"], "percent");
  assert.throws(
    () => measure(metrics, { kind: "texts", rows: [row(2, 1), row(1, 2)] }),
    /length_controlled_minimal needs at least 10 comparisons whose lengths differ; report "win_rate"/,
  );
});

/** A df_gamed.csv with the given number of instructions. */
function gamedFile(count: number): string {
  const lines = ["a", "b"].flatMap((model, baseline) =>
    Array.from({ length: count }, (_, at) => `${(at % 5) / 4},${at},${at / 7 - 1},${baseline * 2 - 1},False,${model}`)
  );
  return `preference,index,instruction_difficulty,std_delta_len,not_gamed_baseline,model\n${lines.join("\n")}\n`;
}

Deno.test("the length-controlled win rate is fitted with AlpacaEval's gamed baselines, in a run by judge() and in the command score", () =>
  withEndpoint(fair, (endpoint) =>
    inFolder(async (folder) => {
      const many = Array.from(
        { length: 14 },
        (_, at) => ({ instruction: `Say ${at}.`, output: "x".repeat(at * at) + "." }),
      );
      const pipeline = (settings: string) =>
        text(`endpoint: ${JSON.stringify(endpoint)}, ${settings}`)
          .replace(JSON.stringify(rows), JSON.stringify(many));
      const rate = 'report: "length_controlled_winrate", gamed: "./df_gamed.csv"';
      const run = async (settings: string) => {
        await Deno.writeTextFile(join(folder, "p.ts"), pipeline(settings));
        return inProcess("run", join(folder, "p.ts"), "--json", ...[
          "--store",
          join(folder, "store"),
          "--out",
          join(folder, "out"),
        ]);
      };
      const gamed = join(folder, "df_gamed.csv");
      assert.match(
        (await run(rate)).stderr,
        /^error: .*df_gamed\.csv: there is no such file; give a path relative to the pipeline file/,
      );
      await Deno.writeTextFile(gamed, "preference,index\n1,0\n");
      assert.match(
        (await run(rate)).stderr,
        /df_gamed\.csv:2.*the row's "instruction_difficulty" is missing; take df_gamed\.csv/,
      );
      await Deno.writeTextFile(gamed, gamedFile(9));
      assert.match((await run(rate)).stderr, /no difficulty of instruction 9, and 14 are compared/);
      await Deno.writeTextFile(gamed, gamedFile(14));
      const { code, stdout, stderr } = await run(rate);
      assert.equal(code, 0, stderr);
      const [stage] = ofKind((JSON.parse(stdout) as Results).members[0]!.stages, "evaluate");
      const outputs = JSON.parse(
        await Deno.readTextFile(join(folder, "out/members/main", stage!.name, "model_outputs.json")),
      );
      const found = await readPredictions({ folder: join(folder, "out"), files: new Map() }, stage!.predictions);
      const annotations = found.map(({ preference }, at) => {
        return { preference: preference!, output_1: many[at]!.output, output_2: outputs[at].output };
      });
      const expected = leaderboardOf(annotations, await readGamed(gamed, "/"));
      assert.equal(stage!.metrics["length_controlled_winrate"], expected.length_controlled_winrate);
      assert.match(await Deno.readTextFile(join(folder, "out/manifest.yaml")), /path: \.\/df_gamed\.csv\n\s+digest: /);

      await Deno.writeTextFile(join(folder, "annotations.json"), JSON.stringify(annotations));
      const scored = await inProcess("score", "ultrafeedback", ...[
        ...["--scoring", "alpaca-eval", join(folder, "annotations.json"), "--gamed", gamed],
      ]);
      assert.match(scored.stderr, new RegExp(`length_controlled_winrate ${expected.length_controlled_winrate}`));
      assert.equal(scored.stdout.trim().split("\n").length, 14);
      const other = await inProcess("score", "alpaca", "--scoring", "pyreft", join(folder, "annotations.json"));
      assert.match(other.stderr, /^error: the task "alpaca" has no rule "pyreft"; use .*"alpaca-eval"/);
    })));

Deno.test("a judge that can't be called is reported in one line before anything runs", () =>
  inFolder(async (folder) => {
    let number = 0;
    const said = async (command: "run" | "plan", settings: string, data?: string) => {
      const path = join(folder, `${number++}.ts`);
      await Deno.writeTextFile(path, text(settings, data));
      const { code, stderr } = await inProcess(command, path, "--store", join(folder, "store"));
      assert.deepEqual([code, stderr.trimEnd().split("\n").length], [2, 1], stderr);
      return stderr;
    };
    assert.match(
      await said("plan", `endpoint: "https://api.example/v1"`),
      /^error: .*0\.ts:5:\d+: api\.example needs a key; name its variable, as in key: "OPENAI_API_KEY"\n$/,
    );
    assert.match(
      await said("plan", `endpoint: "api.example"`),
      /the judge's endpoint is not the URL of an endpoint; /,
    );
    assert.match(
      await said("plan", `endpoint: "https://api.example/v1", key: "sk-1-2"`),
      /the judge's key takes a variable's name, not the key itself/,
    );
    assert.match(
      await said("run", `endpoint: "https://api.example/v1", key: "JUDGE_KEY"`),
      /calls a judge at api\.example, which this process is not permitted to reach; permit it, as in deno task run --allow-net=api\.example/,
    );
    assert.match(await said("run", `endpoint: "http://127.0.0.1:9", key: "JUDGE_KEY"`), /JUDGE_KEY/);
    assert.match(
      await said("plan", `endpoint: "http://127.0.0.1:9", instruction: "question"`),
      /the row has no text field "question", the instruction that a judge is shown; use one of those it has: .*as in judge\(/,
    );
  }));
