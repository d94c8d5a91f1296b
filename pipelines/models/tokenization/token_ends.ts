/** Where a text's tokens end in it, found in one pass. @module */

/** The text of some ids. */
type Decode = (ids: readonly number[]) => string;

/**
 * How many characters of a text its first token holds, its first two and so on, up to the whole text. A token with a part
 * of a character alone ends before it. White space that a special token has swallowed is its own.
 *
 * @returns Nothing if the tokens' text is not the text, as of a tokenizer that changes it.
 */
export function tokenEnds(ids: readonly number[], text: string, decode: Decode): Uint32Array | undefined {
  const ends = new Uint32Array(ids.length);
  // The last token of which the text is known, whose neighbours are decoded with it: what a token begins a text with may
  // be other than what it continues with.
  let from = 0, known = "", end = 0;
  for (let at = 0, unit = 0; at < ids.length; at++) {
    const part = decode(ids.slice(from, at + 1));
    ends[at] = end;
    if (part.endsWith("\ufffd") && at < ids.length - 1) continue;
    if (!part.startsWith(known)) return undefined;
    const place = placeOf(part.slice(known.length), text, end);
    if (place === undefined) return undefined;
    if (unit > 0) ends.fill(place.start, unit - 1, at);
    ends[at] = end = place.end;
    from = unit;
    known = decode(ids.slice(from, at + 1));
    unit = at + 1;
  }
  if (text.slice(end).trim() !== "") return undefined;
  if (ids.length > 0) ends[ids.length - 1] = text.length;
  return ends;
}

/** Where a part is in a text from some place on: tokens may have swallowed spaces, or have one that the text has not. */
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
