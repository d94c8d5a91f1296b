/**
 * A conversation's text as tokens, and which of them are taught.
 *
 * @module
 */
import type { Turns } from "./turns.ts";

/** What this takes of a tokenizer. */
interface ChatTokenizer {
  /** The ids of a text alone. */
  encode(text: string): number[];
  /** The text of some ids. */
  decode(ids: readonly number[]): string;
  /** Whether a token is a special one. */
  isSpecial(id: number): boolean;
}

/** A conversation as token ids. */
interface ChatTokens {
  /** All of its tokens, as transformers' `apply_chat_template` gives them. */
  readonly ids: readonly number[];
  /** The first taught token of each turn, and the one behind its last. */
  readonly turns: readonly (readonly [start: number, end: number])[];
  /** The special token that ends the last turn, if one does. */
  readonly endToken: number | undefined;
}

/**
 * Encodes a conversation's text at once, no special tokens added, and finds the tokens of its turns: those that hold any
 * of their characters. White space behind the special token that ends a turn is the template's and is not taught, unless
 * the template marks it.
 */
export function encodeTurns({ text, spans, isMarked }: Turns, tokenizer: ChatTokenizer): ChatTokens {
  const ids = tokenizer.encode(text);
  const turns = spans.map(([start, end]) => {
    const first = tokensBefore(ids, text.slice(0, start), tokenizer);
    const behind = Math.max(first + 1, tokensUpTo(ids, text.slice(0, end), tokenizer));
    return [first, isMarked ? behind : withoutSpace(ids, first, behind, tokenizer)] as const;
  });
  const last = ids[withoutSpace(ids, ...turns.at(-1)!, tokenizer) - 1]!;
  return { ids, turns, endToken: tokenizer.isSpecial(last) ? last : undefined };
}

/** How many tokens stand before all that follows a beginning of the text. */
function tokensBefore(ids: readonly number[], beginning: string, { encode }: ChatTokenizer): number {
  const own = encode(beginning);
  let shared = 0;
  while (shared < own.length && own[shared] === ids[shared]) shared++;
  return shared;
}

/** How many tokens hold a beginning of the text; the last of them may hold more. */
function tokensUpTo(ids: readonly number[], beginning: string, tokenizer: ChatTokenizer): number {
  const whole = tokenizer.encode(beginning).length;
  let count = tokensBefore(ids, beginning, tokenizer);
  if (count === whole) return count;
  while (count < ids.length && tokenizer.decode(ids.slice(0, count)).length < beginning.length) count++;
  return count;
}

/** The end of a turn without white space behind a special token. */
function withoutSpace(ids: readonly number[], start: number, end: number, tokenizer: ChatTokenizer): number {
  let last = end;
  while (last > start && tokenizer.decode([ids[last - 1]!]).trim() === "") last--;
  return last > start && tokenizer.isSpecial(ids[last - 1]!) ? last : end;
}
