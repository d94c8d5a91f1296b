/** Runs the examples as a user would, and returns their results. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EvaluateRecord, MemberRecord, Results } from "../../pipelines/results/results.ts";
import { inProcess } from "./command.ts";
import { inFolder } from "../pipelines/models/support.ts";

/** Runs an example's file and returns its results, after a look at the run's folder. */
export async function resultsOf(
  example: string,
  name = "pipeline.ts",
  look: (run: string) => Promise<void> = () => Promise.resolve(),
): Promise<Results> {
  let results: Results | undefined;
  await inFolder(async (folder) => {
    const file = fileURLToPath(new URL(`../../examples/${example}/${name}`, import.meta.url));
    const run = join(folder, "out"), places = ["--store", join(folder, "store"), "--out", run];
    const { code, stdout, stderr } = await inProcess("run", file, "--json", ...places);
    assert.equal(code, 0, stderr);
    results = JSON.parse(stdout);
    await look(run);
  });
  return results!;
}

/** The exact-match accuracy of an evaluation. */
export const accuracyOf = ({ stages }: MemberRecord, name: string) =>
  stages.find((stage): stage is EvaluateRecord => stage.kind === "evaluate" && stage.name === name)!
    .metrics["exactMatch"]!;
