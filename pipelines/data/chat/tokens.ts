/**
 * A conversation's text as tokens, and which of them are trained on.
 *
 * @module
 */
import { type Border, borderOf } from "../../models/tokenization/joint_tokens.ts";
import { tokenEnds } from "../../models/tokenization/token_ends.ts";
import type { Turns } from "./turns.ts";

/** What this needs from a tokenizer. */
export interface ChatTokenizer {
  /** The ids of a text alone. */
  encode(text: string): number[];
  /** The exact text of some ids. */
  decode(ids: readonly number[], options: { readonly cleanUpSpaces: false }): string;
  /** The exact text of a token after one that has some, if it is the same beside any others; otherwise `undefined`. */
  ownText?(id: number): string | undefined;
  /** Whether a token is a special one. */
  isSpecial(id: number): boolean;
}

/** A conversation as token ids. */
interface ChatTokens {
  /** All of its tokens, as transformers' `apply_chat_template` returns them. */
  readonly ids: readonly number[];
  /** The first trained token of each turn, and the one after its last. */
  readonly turns: readonly (readonly [start: number, end: number])[];
  /** The tokens of the prompt; `undefined` if the text does not begin with it. */
  readonly asked: Border | undefined;
  /** Whether a token boundary coincides with the start of the first turn. */
  readonly isOwn: boolean;
  /** The special token that ends the last turn, if there is one. */
  readonly endToken: number | undefined;
}

/**
 * Encodes a conversation's whole text, without adding special tokens, and finds the tokens of its turns: those that
 * contain any of their characters. White space after the special token that ends a turn is the template's and is not
 * trained on, unless the template marks it.
 */
export function encodeTurns({ text, asked, spans, isMarked }: Turns, tokenizer: ChatTokenizer): ChatTokens {
  const ids = tokenizer.encode(text), borderAt = bordersOf(ids, text, tokenizer);
  const turns = spans.map(([start, end]) => {
    const first = borderAt(start).count, { count, isOwn } = borderAt(end);
    const after = Math.max(first, isOwn ? count - 1 : count) + 1;
    return [first, isMarked ? after : withoutSpace(ids, first, after, tokenizer)] as const;
  });
  const last = ids[withoutSpace(ids, ...turns.at(-1)!, tokenizer) - 1]!;
  return {
    ids,
    turns,
    isOwn: borderAt(spans[0]![0]).isOwn,
    asked: text.startsWith(asked) ? borderAt(asked.length) : undefined,
    endToken: tokenizer.isSpecial(last) ? last : undefined,
  };
}

/** The boundary in the tokens of a text at any character. */
function bordersOf(ids: readonly number[], text: string, tokenizer: ChatTokenizer): (at: number) => Border {
  const { encode, decode, ownText } = tokenizer;
  const textOf = (some: readonly number[]) => decode(some, { cleanUpSpaces: false });
  const ends = tokenEnds(ids, text, textOf, ownText);
  // If the tokenizer changes the text, its tokens are compared with those of the text's beginning.
  if (ends === undefined) return (at) => borderOf(encode(text.slice(0, at)), ids, textOf);
  return (at) => {
    let low = 0, high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle]! < at) low = middle + 1;
      else high = middle;
    }
    return at === 0
      ? { count: 0, isOwn: true }
      : ends[low] === at
      ? { count: low + 1, isOwn: true }
      : { count: low, isOwn: false };
  };
}

/** The end of a turn without white space after a special token. */
function withoutSpace(ids: readonly number[], start: number, end: number, tokenizer: ChatTokenizer): number {
  let last = end;
  while (last > start && tokenizer.decode([ids[last - 1]!], { cleanUpSpaces: false }).trim() === "") last--;
  return last > start && tokenizer.isSpecial(ids[last - 1]!) ? last : end;
}
