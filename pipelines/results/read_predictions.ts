/** Reading predictions.jsonl, which someone else may have written. @module */
import { RequestError, type SourceLocation } from "../common/errors.ts";
import { isJsonObject, type JsonObject, readFileIfPresent } from "../common/files.ts";
import type { Prediction } from "../metrics/prediction.ts";

/**
 * What an evaluation said of each row, or of the first so many; nothing if the file is not there.
 *
 * @throws {RequestError} If a line is not a prediction.
 */
export async function readPredictions(path: string, most = Infinity): Promise<Prediction[]> {
  const bytes = await readFileIfPresent(path);
  const lines = bytes === undefined ? [] : new TextDecoder().decode(bytes).split("\n").slice(0, most);
  return lines.flatMap((line, at) => line === "" ? [] : [parsePrediction(line, { file: path, line: at + 1 })]);
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
