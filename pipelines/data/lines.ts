/** The lines of a text file with their places. @module */
import { RequestError, type SourceLocation } from "../common/errors.ts";

/** A line without its end. */
export interface Line {
  readonly text: string;
  readonly place: SourceLocation;
}

/** The most bytes that a text is sure to hold: V8's limit is on its characters. */
const mostBytes = 2 ** 29 - 24;

/** How much of a file is read at a time. */
const chunkBytes = 2 ** 20;

/**
 * Reads a file's lines that are not blank; a byte order mark is skipped. The file is read no further than it has to be,
 * and never held as a whole.
 *
 * @param path Absolute.
 * @param ending What such a file's name ends with, for the message.
 * @param limit How many lines are wanted.
 * @throws {RequestError} If the file can't be read or a line is not UTF-8; the message has the line.
 */
export async function readLines(path: string, ending: string, limit = Infinity): Promise<Line[]> {
  const lines: Line[] = [];
  let number = 0;
  const add = (bytes: Uint8Array) => {
    const place = { file: path, line: ++number };
    if (bytes.length > mostBytes) throw tooLong(place);
    const text = decode(bytes, place);
    if (text.trim() !== "") lines.push({ text, place });
  };
  const { isFile, isDirectory } = await withProblem(path, ending, () => Deno.stat(path));
  if (!isFile && !isDirectory) {
    throw new RequestError("this is no regular file, but a pipe or a device; write its rows to a file", { file: path });
  }
  using file = await withProblem(path, ending, () => Deno.open(path));
  // Parts of a line that began in earlier chunks.
  let begun: Uint8Array[] = [], begunBytes = 0;
  while (lines.length < limit) {
    const chunk = new Uint8Array(chunkBytes), read = await withProblem(path, ending, () => file.read(chunk));
    if (read === null) break;
    const bytes = chunk.subarray(0, read);
    let start = 0;
    while (lines.length < limit) {
      // A newline byte is never part of a longer UTF-8 sequence, so that lines can be decoded one by one.
      const end = bytes.indexOf(0x0a, start);
      if (end === -1) break;
      add(joined([...begun, bytes.subarray(start, end)]));
      [begun, begunBytes] = [[], 0];
      start = end + 1;
    }
    if (start === read) continue;
    begun.push(bytes.subarray(start));
    begunBytes += read - start;
    if (begunBytes > mostBytes) throw tooLong({ file: path, line: number + 1 });
  }
  if (begun.length > 0 && lines.length < limit) add(joined(begun));
  return lines;
}

function tooLong(place: SourceLocation): RequestError {
  return new RequestError("the line is longer than 512 MB; end each row with a newline", place);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Does something with a file, and puts its failure into words. */
async function withProblem<T>(path: string, ending: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
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
