/**
 * Completions that already end with the end-of-sequence token: it is trained on once, and is not part of the text that
 * an answer is compared with.
 *
 * @module
 */

/** What this needs from a tokenizer. */
interface EndingTokenizer {
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
  /** Every token that ends generation. */
  readonly eosTokenIds: readonly number[];
}

/** A token that ends answers, as it is written in text. */
export interface EndToken {
  readonly id: number;
  readonly text: string;
}

/** The end-of-sequence tokens that can appear in text. */
export function endTokensOf({ encode, decode, eosTokenIds }: EndingTokenizer): EndToken[] {
  return eosTokenIds.map((id) => ({ id, text: decode([id]) })).filter(({ id, text }) => {
    const ids = text === "" ? [] : encode(text);
    return ids.length === 1 && ids[0] === id;
  });
}

/**
 * A text without the token that it ends with (the first of several), and that token; `undefined` if it ends with none.
 */
export function withoutEnd(
  text: string,
  ends: readonly EndToken[],
): { readonly text: string; readonly end: EndToken } | undefined {
  const trimmed = text.trimEnd(), end = ends.find((each) => trimmed.endsWith(each.text));
  if (end === undefined) return undefined;
  const rest = trimmed.slice(0, trimmed.length - end.text.length);
  return withoutEnd(rest, ends) ?? { text: rest, end };
}
