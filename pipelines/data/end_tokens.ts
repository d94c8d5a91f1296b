/**
 * Completions that end with the end-of-sequence token themselves: it is taught once, and is not part of the text that an
 * answer is compared with.
 *
 * @module
 */

/** What this takes of a tokenizer. */
interface EndingTokenizer {
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
  /** Every token that ends generation. */
  readonly eosTokenIds: readonly number[];
}

/** A token that ends answers, as it is written in a text. */
export interface EndToken {
  readonly id: number;
  readonly text: string;
}

/** The end-of-sequence tokens that a text can spell out. */
export function endTokensOf({ encode, decode, eosTokenIds }: EndingTokenizer): EndToken[] {
  return eosTokenIds.map((id) => ({ id, text: decode([id]) })).filter(({ id, text }) => {
    const ids = text === "" ? [] : encode(text);
    return ids.length === 1 && ids[0] === id;
  });
}

/** A text and the token that it ends with, the first of several; `undefined` if it ends with none. */
export function withoutEnd(
  text: string,
  ends: readonly EndToken[],
): { readonly text: string; readonly end: EndToken } | undefined {
  const trimmed = text.trimEnd(), end = ends.find((each) => trimmed.endsWith(each.text));
  if (end === undefined) return undefined;
  const rest = trimmed.slice(0, trimmed.length - end.text.length);
  return withoutEnd(rest, ends) ?? { text: rest, end };
}
