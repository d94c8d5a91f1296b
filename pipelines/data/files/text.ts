/** Text of files. @module */
import { RequestError, type SourceLocation } from "../../common/errors.ts";

/** The maximum number of bytes that always fits into a string: V8's limit counts characters. */
export const mostBytes = 2 ** 29 - 24;

/** The error for a line that does not fit into a string. */
export function tooLong(place: SourceLocation): RequestError {
  return new RequestError("the line is longer than 512 MB; end each row with a newline", place);
}

/**
 * Bytes as text.
 *
 * @throws {RequestError} If they are not UTF-8, or do not fit into a string.
 */
export function decodeText(bytes: Uint8Array, place: SourceLocation): string {
  if (bytes.length > mostBytes) throw tooLong(place);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new RequestError(
      "the line is not UTF-8 text; save the file as UTF-8, as in iconv -f WINDOWS-1252 -t UTF-8 if it comes from Windows",
      place,
    );
  }
}
