/** Reading results.json, which someone else may have written. @module */
import { join } from "node:path";
import { RequestError } from "../common/errors.ts";
import { isJsonObject, type JsonObject, readJsonObject } from "../common/files.ts";
import { innerPath } from "../common/inner_path.ts";
import type { MemberRecord, Results, StageRecord } from "./results.ts";

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

function isResults(value: JsonObject): value is JsonObject & Results {
  const { pipeline, members, encode } = value;
  return typeof pipeline === "string" && Array.isArray(members) && members.every(isMember) && Array.isArray(encode) &&
    encode.every(isJsonObject);
}

function isMember(value: unknown): value is MemberRecord {
  return isJsonObject(value) && typeof value["id"] === "string" && isJsonObject(value["axes"]) &&
    Array.isArray(value["stages"]) && value["stages"].every(isStage);
}

/** What the record of a stage of each kind has that names a file or is gone through. */
const stageShapes: Readonly<Record<StageRecord["kind"], (stage: JsonObject) => boolean>> = {
  train: ({ losses, validation = [] }) => {
    return Array.isArray(losses) && Array.isArray(validation) && validation.every(isValidation);
  },
  evaluate: ({ metrics, predictions }) => isJsonObject(metrics) && typeof predictions === "string",
  activations: ({ tensors }) => typeof tensors === "string",
};

function isValidation(value: unknown): boolean {
  return isJsonObject(value) && typeof value["step"] === "number" && isJsonObject(value["metrics"]);
}

function isStage(value: unknown): value is StageRecord {
  if (!isJsonObject(value) || typeof value["name"] !== "string") return false;
  const { kind } = value;
  return (kind === "train" || kind === "evaluate" || kind === "activations") && stageShapes[kind](value);
}
