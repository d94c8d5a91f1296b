/** Texts that contain the digest of their own content, so that a flipped bit on disk is detected. @module */
import { createHash } from "node:crypto";
import { RequestError } from "./errors.ts";
import { blankDigest } from "./file_digest.ts";

/** Where a text has its digest: the text before and after its digits. */
interface DigestPlace {
  readonly before: string;
  readonly after: string;
}

/** A member of a JSON object. Within a JSON string the quotes would be escaped, so it is found only as a member. */
export const digestMember: DigestPlace = { before: '"digest": "', after: '"' };

/** A comment of a YAML file, on its own line. */
export const digestComment: DigestPlace = { before: "# digest: ", after: "\n" };

/** The placeholder in a text without a digest. */
export function blankAt({ before, after }: DigestPlace): string {
  return before + blankDigest + after;
}

/**
 * Fills in the digest: the SHA-256 of the text while its digits were zeros.
 *
 * @param text Contains {@linkcode blankAt}.
 */
export function withOwnDigest(text: string, place: DigestPlace): string {
  return text.replace(blankAt(place), place.before + sha256(text) + place.after);
}

/** The text of a JSON object with its digest as the first member, so that a truncated text has it as well. */
export function sealedJson(value: object): string {
  const text = JSON.stringify(value, null, 2);
  return withOwnDigest(`${text.replace("{", `{\n  ${blankAt(digestMember)},`)}\n`, digestMember);
}

/** Whether a text matches its digest; `undefined` if it has none. */
export function hasOwnDigest(text: string, place: DigestPlace): boolean | undefined {
  const at = placeIn(text, place);
  if (at < 0) return undefined;
  const end = at + blankDigest.length;
  return text.slice(at, end) === sha256(text.slice(0, at) + blankDigest + text.slice(end));
}

/**
 * Requires that a file matches its digest, if it has one.
 *
 * @param remedy What to do otherwise.
 * @throws {RequestError} If it does not.
 */
export function requireOwnContent(bytes: Uint8Array, place: DigestPlace, file: string, remedy: string): void {
  if (hasOwnDigest(new TextDecoder().decode(bytes), place) !== false) return;
  throw new RequestError(`is damaged, its content has changed since it was written; ${remedy}`, { file });
}

/** Where the digits start, −1 if there are none. */
function placeIn(text: string, { before, after }: DigestPlace): number {
  for (let at = text.indexOf(before); at >= 0; at = text.indexOf(before, at + 1)) {
    const start = at + before.length, end = start + blankDigest.length;
    if (text.startsWith(after, end) && /^[0-9a-f]{64}$/.test(text.slice(start, end))) return start;
  }
  return -1;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
