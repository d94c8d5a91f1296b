/** Runs a pipeline in this process, and compares its losses with a reference. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { MemberRecord } from "../../pipelines/results/results.ts";
import { RunFolder } from "../../pipelines/report/run_folder.ts";
import { expand } from "../../pipelines/schedule/expand/expand.ts";
import { runPipeline } from "../../pipelines/schedule/run/run.ts";
import { RunContext } from "../../pipelines/schedule/context/run_context.ts";
import type { Pipeline } from "../../pipelines/spec/mod.ts";
import { noting } from "./noting.ts";

/** Runs a pipeline with a new store; its results are in `out` of the folder. */
export async function runIn(scratch: string, base: string, declared: Pipeline): Promise<readonly MemberRecord[]> {
  const emit = noting(console.log);
  const store = join(scratch, "store");
  await using runContext = new RunContext({ base, store, provider: "cpu", threads: 2, emit });
  const { results } = await runPipeline(
    runContext,
    declared.name,
    expand(declared),
    new RunFolder(join(scratch, "out")),
  );
  return results.members;
}

/** The losses of a member's trainings, step by step. */
export function lossesOf({ stages }: MemberRecord): readonly number[] {
  return stages.flatMap((stage) => (stage.kind === "train" ? stage.losses : []));
}

/**
 * Compares losses with a reference, and returns the largest relative difference.
 *
 * @param tolerance The largest relative difference allowed at any step.
 */
export function assertTrajectory(found: readonly number[], expected: readonly number[], tolerance = 1e-3): number {
  assert.equal(found.length, expected.length);
  const differences = expected.map((loss, step) => Math.abs(found[step]! - loss) / loss);
  const worst = Math.max(...differences), step = differences.indexOf(worst);
  assert.ok(worst <= tolerance, `The loss of step ${step + 1} is ${found[step]} and not ${expected[step]}`);
  return worst;
}
