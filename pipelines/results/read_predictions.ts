/** Reading predictions.jsonl, which someone else may have written. @module */
import { join } from "node:path";
import { RequestError, type SourceLocation } from "../common/errors.ts";
import { isJsonObject, type JsonObject } from "../common/files.ts";
import type { Prediction } from "../metrics/prediction.ts";
import { readRunParts, type RunFiles } from "./written_files.ts";

/** What an evaluation said of each row, as {@linkcode eachPrediction} reads it. */
export async function readPredictions(run: RunFiles, path: string): Promise<Prediction[]> {
  return await Array.fromAsync(eachPrediction(run, path));
}

/**
 * What an evaluation said of each row, one after the other; nothing if the file is not there.
 *
 * @param run The run's folder.
 * @param path The file's within it.
 * @throws {RequestError} If the file is not what the run wrote, or a line is not a prediction.
 */
export async function* eachPrediction(run: RunFiles, path: string): AsyncGenerator<Prediction> {
  const file = join(run.folder, path), decoder = new TextDecoder();
  let begun = "", line = 0;
  for await (const part of readRunParts(run, path)) {
    const lines = (begun + decoder.decode(part, { stream: true })).split("\n");
    begun = lines.pop()!;
    for (const each of lines) {
      line++;
      if (each !== "") yield parsePrediction(each, { file, line });
    }
  }
  begun += decoder.decode();
  if (begun !== "") yield parsePrediction(begun, { file, line: line + 1 });
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
