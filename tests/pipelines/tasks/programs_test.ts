/** Evaluations whose answers are programs: their prompts, and what is refused before anything runs. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Dataset, passAtK, task } from "refract";
import { loadRows } from "../../../pipelines/data/rows.ts";
import { shotsOf } from "../../../pipelines/data/few_shot.ts";
import { metricKinds } from "../../../pipelines/metrics/mod.ts";
import { measure } from "../../../pipelines/metrics/measure.ts";
import { inProcess } from "../../support/command.ts";
import { inFolder } from "../models/support.ts";

const problem = (id: number) => ({
  task_id: id,
  text: `Add ${id}.`,
  code: `def add(x):\r\n  return x + ${id}`,
  test_list: [`assert add(0) == ${id}`, `assert add(1) == ${id + 1}`, "assert True"],
});
const written = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

Deno.test("mbpp's prompts match the harness: three solved problems in their order, then the problem itself", () =>
  inFolder(async (base) => {
    await Deno.writeTextFile(join(base, "mbpp.jsonl"), written([1, 2, 3, 4, 5, 11, 12].map(problem)));
    const { evaluation } = task("mbpp", { data: "./mbpp.jsonl" }), rows = await loadRows(evaluation.data, base);
    assert.deepEqual(rows.map(({ fields }) => fields["task_id"]), [11, 12]);
    const { fewShot } = evaluation;
    const shots = await shotsOf(fewShot as Parameters<typeof shotsOf>[0], { base });
    const asked = (id: number) =>
      `You are an expert Python programmer, and here is your task: Add ${id}. Your code should pass these tests:\n\n` +
      `assert add(0) == ${id}\nassert add(1) == ${id + 1}\nassert True\n[BEGIN]\n`;
    const solved = (id: number) => `${asked(id)}def add(x):\r\n  return x + ${id}\n[DONE]\n\n`;
    assert.equal(shots!.before(rows[0]!).prompt, solved(2) + solved(3) + solved(4) + asked(11));
    assert.deepEqual(evaluation.metrics.map((metric) => ({ ...metric })), [
      { kind: "passAtK", task: "mbpp", problem: "task_id", k: 1, seconds: 18 },
    ]);
  }));

Deno.test("samples are consecutive rows, with a higher temperature if there are more", () =>
  inFolder(async (base) => {
    const problems = [0, 1].map((id) => ({
      ...{ task_id: `own/${id}`, prompt: "def f():\n", entry_point: "f", test: "def check(f): pass" },
      canonical_solution: "    return 1",
    }));
    await Deno.writeTextFile(join(base, "HumanEval.jsonl"), written(problems));
    const { evaluation } = task("humaneval", { data: "./HumanEval.jsonl", samples: 10, seed: 3 });
    const rows = await loadRows(evaluation.data, base);
    assert.deepEqual(rows.map(({ fields }) => fields["task_id"]), [
      ...new Array(10).fill("own/0"),
      ...new Array(10).fill("own/1"),
    ]);
    const few = await loadRows({ kind: "take", of: evaluation.data, count: 11 } as Dataset, base);
    assert.deepEqual(few.at(-1)!.fields["task_id"], "own/1");
    const { maxNewTokens: _, stop: __, ...decoding } = { ...evaluation.decoding, maxNewTokens: 0, stop: [] };
    assert.deepEqual(decoding, { kind: "sample", temperature: 0.6, topK: 0, topP: 0.95, seed: 3 });
    assert.deepEqual(evaluation.metrics.map((metric) => metric.kind === "passAtK" && metric.k), [1, 10]);
    assert.throws(() => task("boolq", { samples: 2 }).evaluation, /samples applies only to coding tasks/);
    assert.throws(() => task("humaneval", { scoring: "pyreft" }).evaluation, /has no rule "pyreft"; .*"human-eval"/);
  }));

Deno.test("pass@k is the mean over problems, and so is its standard error", () => {
  const row = (task_id: string, verdict: string) => ({
    ...{ prompt: "", completion: "", prediction: "", verdict, fields: { task_id }, place: { file: "f" } },
  });
  const rows = [
    ...["passed", "failed: x", "timed out", "passed"].map((verdict) => row("a", verdict)),
    ...["failed: ", "failed: ", "failed: ", "failed: "].map((verdict) => row("b", verdict)),
  ];
  const found = measure([passAtK("humaneval", { k: 2 })], { kind: "texts", rows });
  // 1 - C(2, 2) / C(4, 2) for the first.
  assert.ok(Math.abs(found.metrics["pass@2"]! - (5 / 6) / 2) < 1e-12);
  assert.ok(Math.abs(found.standardErrors["pass@2"]! - (5 / 6) / 2) < 1e-12);
});

const problems = [{ task_id: "own/0", prompt: "def f():\n", entry_point: "f", test: "def check(f): pass" }]
  .map((each) => ({ ...each, canonical_solution: "    return 1" }));
const text = (samples: number, k: number, more = "") => `
import { baseModel, evaluate, passAtK, pipeline, task } from "refract";
const { evaluation } = task("humaneval", { data: "./HumanEval.jsonl", samples: ${samples} });
export default pipeline("programs", () => ({
  written: evaluate(baseModel("builtin:tiny"), { ...evaluation, metrics: [passAtK("humaneval", { k: ${k} })${more}] }),
}));
`;

/** The outcome of a command on a pipeline. */
async function said(command: "run" | "plan", pipelineText: string, rows: readonly object[] = problems) {
  let outcome = { code: 0, stdout: "", stderr: "" };
  await inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "HumanEval.jsonl"), written(rows));
    await Deno.writeTextFile(join(folder, "p.ts"), pipelineText);
    outcome = await inProcess(command, join(folder, "p.ts"), "--store", join(folder, "store"));
  });
  return outcome;
}

Deno.test("missing parts of programs are reported before anything runs", async () => {
  const few = await said("plan", text(2, 5));
  assert.equal(few.code, 2, few.stderr);
  assert.match(
    few.stderr,
    /pass@5 of written takes 5 programs for each problem, but own\/0 has 2; request more, as in task\(/,
  );
  const bare = await said("plan", text(1, 1), problems.map(({ test: _, ...rest }) => ({ ...rest, test: 3 })));
  assert.match(bare.stderr, /HumanEval\.jsonl:1: the problem's field "test" is not a text; the tests need it/);
  const two = await said("plan", text(2, 1, `, passAtK("humaneval", { k: 2, seconds: 1 })`));
  assert.match(
    two.stderr,
    /run programs in two ways, by pass@1 and by pass@2; measure each in its own evaluation/,
  );
  const planned = await said("plan", text(2, 2));
  assert.equal(planned.code, 0, planned.stderr);
});

Deno.test({
  name: "a run that may not start Deno reports it before it begins",
  ignore: Deno.permissions.querySync({ name: "run", command: Deno.execPath() }).state === "granted",
  async fn() {
    const { code, stderr } = await said("run", text(1, 1));
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^error: written runs what a model wrote, .* permit it, as in deno task run --allow-run=\S+ pipeline\.ts\n$/m,
    );
  },
});

Deno.test("the time limit of a program is one that a timer can keep", () => {
  const { seconds } = metricKinds.passAtK.settings;
  for (const limit of [1e-3, 18, 2_000_000]) assert.doesNotThrow(() => seconds(limit, "seconds"));
  for (const limit of [0, -1, NaN, 2_000_001, 2_147_484, Infinity]) {
    assert.throws(() => seconds(limit, "seconds"), /seconds .*give a number of seconds above 0 and at most 2000000/);
  }
});

Deno.test("passAtK() accepts only coding tasks", () => {
  assert.throws(() => passAtK("boolq" as never), /no coding task is named "boolq"; .*"humaneval"/);
});
