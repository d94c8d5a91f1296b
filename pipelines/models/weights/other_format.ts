/** What a file seems to be that is given as weights and is not in their format. @module */
import { quote } from "../../common/suggest.ts";

/** How formats begin. */
const beginnings: readonly (readonly [beginning: string, name: string])[] = [
  ["GGUF", "a GGUF file"],
  ["PK\x03\x04", "a zip or a PyTorch checkpoint"],
  ["\x80\x02", "a pickle or an older PyTorch checkpoint"],
  ["\x80\x04", "a pickle"],
  ["PAR1", "a Parquet file"],
  ["\x89HDF", "an HDF5 file"],
  ["\x93NUMPY", "a NumPy array"],
];

/** How many of a file's first bytes {@linkcode seemingFormat} needs. */
export const longestBeginning = 64;

/**
 * What a file seems to be.
 *
 * @param bytes Its first {@linkcode longestBeginning} bytes, or all of fewer.
 * @returns A noun phrase; undefined if it is some other binary file.
 */
export function seemingFormat(bytes: Uint8Array): string | undefined {
  const begins = (text: string) => [...text].every((character, at) => bytes[at] === character.charCodeAt(0));
  const known = beginnings.find(([beginning]) => begins(beginning));
  if (known !== undefined) return known[1];
  const text = textOf(bytes)?.trimStart();
  if (text === undefined) return undefined;
  if (/^<(!doctype|html)/i.test(text)) return "a web page";
  const [line = ""] = text.split(/\r?\n/);
  return `${/^[{[]/.test(text) ? "JSON" : "a text"} that begins with ${quote(line)}`;
}

/** The bytes as text; undefined if they are none. A character may be cut off at their end. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    // deno-lint-ignore no-control-regex
    return /[\x00-\x08\x0e-\x1f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
