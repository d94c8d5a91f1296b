/** Reading predictions.jsonl, which someone else may have written. @module */
import { join } from "node:path";
import { RequestError, type SourceLocation } from "../common/errors.ts";
import { isJsonObject, type JsonObject } from "../common/files.ts";
import type { Prediction } from "../metrics/prediction.ts";
import { readRunFile, type RunFiles } from "./written_files.ts";

/**
 * What an evaluation said of each row; nothing if the file is not there.
 *
 * @param run The run's folder.
 * @param path The file's within it.
 * @throws {RequestError} If the file is not what the run wrote, or a line is not a prediction.
 */
export async function readPredictions(run: RunFiles, path: string): Promise<Prediction[]> {
  const bytes = await readRunFile(run, path), file = join(run.folder, path);
  const lines = bytes === undefined ? [] : new TextDecoder().decode(bytes).split("\n");
  return lines.flatMap((line, at) => line === "" ? [] : [parsePrediction(line, { file, line: at + 1 })]);
}

function parsePrediction(line: string, at: SourceLocation): Prediction {
  try {
    const row: unknown = JSON.parse(line);
    if (isPrediction(row)) return row;
  } catch {
    // As wrong as a line of another shape.
  }
  throw new RequestError("is not a prediction; run the pipeline again", at);
}

function isPrediction(row: unknown): row is JsonObject & Prediction {
  return isJsonObject(row) && typeof row["prompt"] === "string" && typeof row["completion"] === "string";
}
