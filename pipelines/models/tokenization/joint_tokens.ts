/**
 * A prompt and what follows it as one text, encoded at once, as pyreft, transformers' recipes and lm-evaluation-harness
 * do. The border is the prompt's own number of tokens where these come first in the whole's; else the prompt has those
 * tokens that hold nothing of what follows, so that a token with characters of both sides is the first of what follows.
 *
 * @module
 */

/** What encoding texts together takes of a tokenizer. */
export interface JointTokenizer {
  /** The ids of a text alone. */
  encode(text: string): number[];
  /** The text of some ids as it is. */
  decode(ids: readonly number[], options: { readonly cleanUpSpaces: false }): string;
  /** The special tokens that the tokenizer adds before and after a text. */
  readonly around: SpecialTokens;
}

/** The special tokens that a tokenizer adds before and after a text. */
export interface SpecialTokens {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** A prompt and what follows it as token ids. */
export interface JointTokens {
  readonly prompt: readonly number[];
  /** What follows. */
  readonly completion: readonly number[];
  /** The prompt's text without the end that is in a token of the completion. */
  readonly text: string;
  /** Whether the prompt has the tokens that it has by itself. */
  readonly isOwn: boolean;
}

/** Where a beginning of a text ends in the text's tokens. */
export interface Border {
  /** How many tokens hold nothing of what follows. */
  readonly count: number;
  /** Whether they are the tokens that the beginning has by itself. */
  readonly isOwn: boolean;
}

/** Encodes two texts as one: the tokenizer's special tokens come before them, and none after. */
export function encodeTogether(
  prompt: string,
  continuation: string,
  { encode, decode, around: { before } }: JointTokenizer,
): JointTokens {
  const textOf = (ids: readonly number[]) => decode(ids, { cleanUpSpaces: false });
  const own = [...before, ...encode(prompt)], whole = [...before, ...encode(prompt + continuation)];
  const { count, isOwn } = borderOf(own, whole, textOf), held = whole.slice(0, count);
  const lost = isOwn ? 0 : textOf(own).length - textOf(held).length;
  return { prompt: held, completion: whole.slice(count), text: prompt.slice(0, prompt.length - lost), isOwn };
}

/**
 * A prompt's tokens where what follows is still to be written: white space at its end may become part of the next token,
 * so a letter takes the place of what follows.
 */
export function encodeUnanswered(prompt: string, tokenizer: JointTokenizer): JointTokens {
  return encodeTogether(prompt, /\s$/.test(prompt) ? "a" : "", tokenizer);
}

/**
 * The border after the tokens of a beginning, of which `own` are the tokens that it has by itself.
 *
 * @param textOf The text of some ids as it is.
 */
export function borderOf(
  own: readonly number[],
  whole: readonly number[],
  textOf: (ids: readonly number[]) => string,
): Border {
  let count = sharedLength(own, whole);
  if (count === own.length) return { count, isOwn: true };
  const text = textOf(own);
  for (let next = count + 1; next <= whole.length; next++) {
    const part = textOf(whole.slice(0, next));
    if (text.startsWith(part)) count = next;
    // Bytes of a character may be in tokens of their own.
    else if (!part.endsWith("\ufffd")) break;
    if (part === text) break;
  }
  return { count, isOwn: false };
}

/** How many tokens two lists have in common from their beginning. */
export function sharedLength(one: readonly number[], other: readonly number[]): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
}
