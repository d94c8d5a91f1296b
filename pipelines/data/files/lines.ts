/** The lines of a text file with their places. @module */
import type { SourceLocation } from "../../common/errors.ts";
import { readBytes } from "./bytes.ts";
import type { FileProgress } from "./record_kind.ts";
import { decodeText, mostBytes, tooLong } from "./text.ts";

/** A line without its end. */
interface Line {
  readonly text: string;
  readonly place: SourceLocation;
}

/** Reads a file's lines that are not blank, as {@linkcode readAllLines} reads all. */
export async function* readLines(path: string, ending: string, progress?: FileProgress): AsyncGenerator<Line> {
  for await (const line of readAllLines(path, ending, progress)) if (line.text.trim() !== "") yield line;
}

/**
 * Reads a file's lines; a byte order mark is skipped. The file is read only as far as lines are requested, and never
 * held as a whole.
 *
 * @param path Absolute.
 * @param ending The file name extension, for the message.
 * @throws {RequestError} If the file cannot be read or a line is not UTF-8; the message has the line.
 */
export async function* readAllLines(path: string, ending: string, progress?: FileProgress): AsyncGenerator<Line> {
  let number = 0;
  const lineOf = (bytes: Uint8Array): Line => {
    const place = { file: path, line: ++number }, text = decodeText(bytes, place);
    return { text: number === 1 && text.startsWith("\ufeff") ? text.slice(1) : text, place };
  };
  // Parts of a line that began in earlier chunks.
  let begun: Uint8Array[] = [], begunBytes = 0;
  for await (const bytes of readBytes(path, ending, progress)) {
    let start = 0;
    for (;;) {
      // A newline byte is never part of a longer UTF-8 sequence, so lines can be decoded one by one.
      const end = bytes.indexOf(0x0a, start);
      if (end === -1) break;
      const line = lineOf(joined([...begun, bytes.subarray(start, end)]));
      [begun, begunBytes] = [[], 0];
      start = end + 1;
      yield line;
    }
    if (start === bytes.length) continue;
    begun.push(bytes.subarray(start));
    begunBytes += bytes.length - start;
    if (begunBytes > mostBytes) throw tooLong({ file: path, line: number + 1 });
  }
  if (begun.length > 0) yield lineOf(joined(begun));
}

/** Concatenates arrays of bytes. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
