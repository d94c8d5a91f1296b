/** Texts that a tokenizer accepts. @module */
import { RequestError, type SourceLocation } from "./errors.ts";

/**
 * A text, if it has no lone surrogates, which UTF-8 cannot represent.
 *
 * @param what Where the text is, for the message.
 * @throws {RequestError} If it has one.
 */
export function requireWellFormed(text: string, what: string, place: SourceLocation | undefined): string {
  if (text.isWellFormed()) return text;
  const half = /\p{Cs}/u.exec(text)![0].charCodeAt(0).toString(16);
  throw new RequestError(
    `${what} has \\u${half}, half of a surrogate pair, which is not a character; correct its escapes`,
    place,
  );
}
