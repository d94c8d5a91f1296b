/** Reading predictions.jsonl, which someone else may have written. @module */
import { RequestError, type SourceLocation } from "../common/errors.ts";
import { faultText, isJsonObject, type JsonObject } from "../common/files.ts";
import type { Prediction } from "../metrics/prediction.ts";

/**
 * What an evaluation said of each row, or of the first so many; nothing if the file is not there.
 *
 * @throws {RequestError} If a line is not a prediction.
 */
export async function readPredictions(path: string, most = Infinity): Promise<Prediction[]> {
  const found: Prediction[] = [];
  if (most <= 0) return found;
  for await (const prediction of eachPrediction(path)) {
    found.push(prediction);
    if (found.length >= most) break;
  }
  return found;
}

/** The same one after the other, of which the file is read no further than they are asked for. */
export async function* eachPrediction(path: string): AsyncGenerator<Prediction> {
  const file = await openIfPresent(path);
  if (file === undefined) return;
  let begun = "", line = 0;
  for await (const text of file.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (begun + text).split("\n");
    begun = lines.pop()!;
    for (const each of lines) {
      line++;
      if (each !== "") yield parsePrediction(each, { file: path, line });
    }
  }
  if (begun !== "") yield parsePrediction(begun, { file: path, line: line + 1 });
}

async function openIfPresent(path: string): Promise<Deno.FsFile | undefined> {
  try {
    // A pipe would never end, and opening one waits.
    if (!(await Deno.stat(path)).isFile) throw new RequestError("is not a file; run the pipeline again", { file: path });
    return await Deno.open(path);
  } catch (fault) {
    if (fault instanceof RequestError) throw fault;
    if (fault instanceof Deno.errors.NotFound) return undefined;
    throw new RequestError(`can't be read (${faultText(fault)}); check its permissions`, { file: path });
  }
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
