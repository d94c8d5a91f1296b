/** Evaluations that run answers as programs, from a pipeline to its predictions. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ofKind } from "../../pipelines/common/of_kind.ts";
import { readPredictions } from "../../pipelines/results/read_predictions.ts";
import type { Results } from "../../pipelines/results/results.ts";
import { inProcess } from "../support/command.ts";
import { inFolder } from "../pipelines/models/support.ts";

/** The model's output is a comment, so that only the tests decide. */
const problem = (task_id: string, test: string) => ({
  ...{ task_id, test, prompt: "def f():\n    return 1\n\n#", entry_point: "f", canonical_solution: " one" },
});
const problems = [
  problem("own/0", "def check(f): assert f() == 1"),
  problem("own/1", "def check(f): assert f() == 2, 'two'"),
  problem("own/2", "def check(f):\n    while True: pass"),
];

const text = (samples: number) => `
import { baseModel, evaluate, passAtK, pipeline, sample, task } from "refract";
const { evaluation } = task("humaneval", { data: "./HumanEval.jsonl", samples: ${samples} });
const decoding = sample({ maxNewTokens: 3, stop: ["\\n"], seed: 1 }), metrics = [passAtK("humaneval", { seconds: 2 })];
export default pipeline("programs", () => ({
  written: evaluate(baseModel("builtin:tiny"), { ...evaluation, decoding, metrics }),
}));
`;

Deno.test("programs run once, their verdicts are in predictions.jsonl, and the rest of a sample runs later", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(
      join(folder, "HumanEval.jsonl"),
      problems.map((each) => `${JSON.stringify(each)}\n`).join(""),
    );
    const run = async (samples: number) => {
      const path = join(folder, `p${samples}.ts`);
      await Deno.writeTextFile(path, text(samples));
      const out = join(folder, `out-${samples}-${crypto.randomUUID()}`), store = join(folder, "store");
      const { code, stdout, stderr } = await inProcess("run", path, ...[
        "--json",
        "--store",
        store,
        "--out",
        out,
      ]);
      assert.equal(code, 0, stderr);
      const { members: [member] }: Results = JSON.parse(stdout), [stage] = ofKind(member!.stages, "evaluate");
      const verdicts = (await readPredictions({ folder: out, files: new Map() }, stage!.predictions)).map((
        { verdict },
      ) => verdict);
      return { stage: stage!, verdicts };
    };
    const once = await run(1);
    assert.deepEqual(once.verdicts, ["passed", "failed: two", "timed out"]);
    assert.ok(Math.abs(once.stage.metrics["pass@1"]! - 1 / 3) < 1e-12);
    assert.deepEqual([once.stage.cached, (await run(1)).stage.cached], [false, true]);
    const twice = await run(2);
    assert.deepEqual(twice.verdicts, ["passed", "passed", "failed: two", "failed: two", "timed out", "timed out"]);
    assert.ok(Math.abs(twice.stage.metrics["pass@1"]! - 1 / 3) < 1e-12);
  }));
