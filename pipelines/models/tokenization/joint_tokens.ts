/**
 * Encoding a prompt and its completion as one text, as in pyreft, transformers' recipes and lm-evaluation-harness. If
 * the prompt's own tokens are a prefix of the whole's, the border is after them; otherwise the prompt has those tokens
 * that contain nothing of the completion, so that a token with characters of both belongs to the completion.
 *
 * @module
 */

/** The parts of a tokenizer that joint encoding needs. */
export interface JointTokenizer {
  /** The ids of a text without special tokens. */
  encode(text: string): number[];
  /** The text of some ids, without clean-up. */
  decode(ids: readonly number[], options: { readonly cleanUpSpaces: false }): string;
  /** The special tokens that the tokenizer adds before and after a text. */
  readonly around: SpecialTokens;
}

/** The special tokens that a tokenizer adds before and after a text. */
export interface SpecialTokens {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** A prompt and its completion as token ids. */
export interface JointTokens {
  readonly prompt: readonly number[];
  /** The completion's ids. */
  readonly completion: readonly number[];
  /** The prompt's text without the end that belongs to a token of the completion. */
  readonly text: string;
  /** Whether the prompt's tokens are those that it has on its own. */
  readonly isOwn: boolean;
}

/** Where the beginning of a text ends in the text's tokens. */
export interface Border {
  /** The number of tokens that contain nothing of what follows. */
  readonly count: number;
  /** Whether they are the tokens that the beginning has on its own. */
  readonly isOwn: boolean;
}

/** Encodes two texts as one, with the tokenizer's special tokens before them and none after. */
export function encodeTogether(
  prompt: string,
  continuation: string,
  { encode, decode, around: { before } }: JointTokenizer,
): JointTokens {
  const textOf = (ids: readonly number[]) => decode(ids, { cleanUpSpaces: false });
  const encoded = (text: string) => before.length === 0 ? encode(text) : [...before, ...encode(text)];
  const own = encoded(prompt), whole = encoded(prompt + continuation);
  const { count, isOwn } = borderOf(own, whole, textOf), held = whole.slice(0, count);
  const lost = isOwn ? 0 : textOf(own).length - textOf(held).length;
  return { prompt: held, completion: whole.slice(count), text: prompt.slice(0, prompt.length - lost), isOwn };
}

/**
 * A prompt's tokens if the completion is still to be generated: white space at its end may become part of the next
 * token, so a letter stands in for the completion.
 */
export function encodeUnanswered(prompt: string, tokenizer: JointTokenizer): JointTokens {
  return encodeTogether(prompt, /\s$/.test(prompt) ? "a" : "", tokenizer);
}

/**
 * The border after the tokens of a beginning; `own` are the tokens that it has on its own.
 *
 * @param textOf Returns the text of some ids, without clean-up.
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
    // The bytes of a character may be in separate tokens.
    else if (!part.endsWith("\ufffd")) break;
    if (part === text) break;
  }
  return { count, isOwn: false };
}

/** The length of the common prefix of two lists of tokens. */
export function sharedLength(one: readonly number[], other: readonly number[]): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
}
