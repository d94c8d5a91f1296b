/** Text of files. @module */
import { RequestError, type SourceLocation } from "../../common/errors.ts";

/**
 * Bytes as text.
 *
 * @throws {RequestError} If they are not UTF-8.
 */
export function decodeText(bytes: Uint8Array, place: SourceLocation): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new RequestError(
      "the line is not UTF-8 text; save the file as UTF-8, as in iconv -f WINDOWS-1252 -t UTF-8 if it comes from Windows",
      place,
    );
  }
}
