/** Where a text's tokens end in the text, found in one pass. @module */

/** Decodes ids to a text. */
type Decode = (ids: readonly number[]) => string;

/** The text of a token after one that has some, if it is the same beside any others; otherwise `undefined`. */
type OwnText = (id: number) => string | undefined;

/**
 * How many characters of a text its first token contains, its first two, and so on, up to the whole text. A token with
 * only a part of a character ends before it. White space that a special token has absorbed belongs to that token.
 *
 * @param ownText Saves decoding the tokens whose text it returns.
 * @returns `undefined` if the tokens' text differs from the text, for example because the tokenizer changes it.
 */
export function tokenEnds(
  ids: readonly number[],
  text: string,
  decode: Decode,
  ownText: OwnText = () => undefined,
): Uint32Array | undefined {
  const ends = new Uint32Array(ids.length);
  // The last token whose text is known, with which the following ones are decoded: a token may have another text at the
  // beginning than in the middle.
  let from = 0, known: string | undefined = "", end = 0, hasText = false;
  for (let at = 0, unit = 0; at < ids.length; at++) {
    ends[at] = end;
    // Most tokens need not be decoded.
    let added: string | undefined = unit === at && hasText ? ownText(ids[at]!) : undefined;
    const part: string = added ?? decode(ids.slice(from, at + 1));
    if (part.endsWith("\ufffd") && at < ids.length - 1) continue;
    if (added === undefined) {
      known ??= decode(ids.slice(from, unit));
      if (!part.startsWith(known)) return undefined;
      added = part.slice(known.length);
    }
    const place = placeOf(added, text, end);
    if (place === undefined) return undefined;
    if (unit > 0) ends.fill(place.start, unit - 1, at);
    ends[at] = end = place.end;
    [from, unit, known] = [unit, at + 1, undefined];
    hasText ||= added !== "";
  }
  if (text.slice(end).trim() !== "") return undefined;
  if (ids.length > 0) ends[ids.length - 1] = text.length;
  return ends;
}

/**
 * The place of a part in a text after some position: tokens may have absorbed spaces, or have one that the text lacks.
 */
function placeOf(
  part: string,
  text: string,
  from: number,
): { readonly start: number; readonly end: number } | undefined {
  if (text.startsWith(part, from)) return { start: from, end: from + part.length };
  const core = part.trimStart();
  let start = from;
  while (start < text.length && text.charAt(start).trim() === "") start++;
  if (core === "") return { start: from, end: from };
  return text.startsWith(core, start) ? { start, end: start + core.length } : undefined;
}
