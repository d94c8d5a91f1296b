/** Reads predictions.jsonl, which may come from someone else. @module */
import { join } from "node:path";
import { RequestError, type SourceLocation } from "../common/errors.ts";
import { isJsonObject, type JsonObject } from "../common/files.ts";
import type { Prediction } from "../metrics/prediction.ts";
import { readInChunks, type RunFiles } from "./written_files.ts";

/**
 * An evaluation's prediction for each row; `undefined` if the file does not exist.
 *
 * @param run The run folder.
 * @param path The file's path within it.
 * @throws {RequestError} If the file is not what the run wrote, or a line is not a prediction.
 */
export async function readPredictions(run: RunFiles, path: string): Promise<Prediction[]> {
  return await Array.fromAsync(eachPrediction(run, path));
}

/**
 * The same, one after the other, with few in memory. Whether the file is what the run wrote is known only after the
 * last one, so nothing may be shown before that.
 */
export async function* eachPrediction(run: RunFiles, path: string): AsyncGenerator<Prediction> {
  const decoder = new TextDecoder(), file = join(run.folder, path);
  let begun = "", line = 0;
  for await (const chunk of readInChunks(run, path)) {
    const lines = (begun + decoder.decode(chunk, { stream: true })).split("\n");
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
    // As invalid as a line of another shape.
  }
  throw new RequestError("is not a prediction; run the pipeline again", at);
}

function isPrediction(row: unknown): row is JsonObject & Prediction {
  return isJsonObject(row) && typeof row["prompt"] === "string" && typeof row["completion"] === "string";
}
