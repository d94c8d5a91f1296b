/** Reading results.json, which someone else may have written. @module */
import { join } from "node:path";
import { RequestError } from "../common/errors.ts";
import { readJsonObject } from "../common/files.ts";
import { innerPath } from "../common/inner_path.ts";
import type { Results } from "./results.ts";
import { isResults } from "./shapes.ts";

/** The file's name within a run's folder. */
export const resultsFile = "results.json";

/**
 * What a run found.
 *
 * @param folder The run's.
 * @returns Nothing if there are no results. Throws a RequestError if they are not as a run writes them, or name a file
 * outside the folder.
 */
export async function readResults(folder: string): Promise<Results | undefined> {
  const file = join(folder, resultsFile);
  await innerPath(folder, resultsFile);
  const results = await readJsonObject(file, "run the pipeline again");
  if (results === undefined) return undefined;
  if (!isResults(results)) throw new RequestError("holds no results of a run; run the pipeline again", { file });
  for (const { id, stages } of results.members) {
    for (const path of [id, `members/${id}`]) await innerPath(folder, path, file);
    for (const stage of stages) if (stage.kind === "evaluate") await innerPath(folder, stage.predictions, file);
  }
  return results;
}
