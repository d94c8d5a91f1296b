/** The lines of a text file with their places. @module */
import { RequestError, type SourceLocation } from "../common/errors.ts";

/** A line without its end. */
export interface Line {
  readonly text: string;
  readonly place: SourceLocation;
}

/**
 * Reads a file's lines; a byte order mark is left out.
 *
 * @param path Absolute.
 * @param ending What such a file's name ends with, for the message.
 * @throws {RequestError} If the file can't be read or a line is not UTF-8; the message has the line.
 */
export async function readLines(path: string, ending: string): Promise<Line[]> {
  const bytes = await readFile(path, ending);
  const lines: Line[] = [];
  for (let start = 0, line = 1; start < bytes.length; line++) {
    // A newline byte is never part of a longer UTF-8 sequence, so that lines can be decoded one by one.
    const newline = bytes.indexOf(0x0a, start);
    const end = newline === -1 ? bytes.length : newline;
    const place = { file: path, line };
    lines.push({ text: decode(bytes.subarray(start, end), place), place });
    start = end + 1;
  }
  return lines;
}

async function readFile(path: string, ending: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    const problem = error instanceof Deno.errors.NotFound
      ? "there is no such file; give a path relative to the pipeline file, or an absolute one"
      : error instanceof Deno.errors.IsADirectory
      ? `this is a folder; give the path of a ${ending} file`
      : `the file can't be read (${error instanceof Error ? error.message : error}); check its permissions`;
    throw new RequestError(problem, { file: path });
  }
}

function decode(bytes: Uint8Array, place: SourceLocation): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return place.line === 1 && text.startsWith("\ufeff") ? text.slice(1) : text;
  } catch {
    throw new RequestError("the line is not UTF-8 text; save the file as UTF-8", place);
  }
}
