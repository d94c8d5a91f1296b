/** How long rows may be, and what longer rows lose. @module */
import { RequestError, type SourceLocation } from "../common/errors.ts";
import { sharedLength } from "../models/tokenization/joint_tokens.ts";

/** Which end of a row that is too long is cut. */
export type Truncation = "left" | "right";

/** How many tokens an example may have, including its completion and the end-of-sequence token. */
export interface LengthLimits {
  /** The model's context length. A longer example is an error. */
  readonly maxContext: number;
  /**
   * A longer example loses tokens from the start of its prompt, except for the special tokens that its tokenizer puts
   * there, and never from its completion.
   */
  readonly maxLength?: number;
  /** Which end of a longer example is cut; if omitted, the prompt's start, or a labelled text's end. */
  readonly truncate?: Truncation;
  /** How many tokens will be generated after the prompt; a prompt that is cut leaves room for them. */
  readonly toWrite?: number;
}

/** Rejects a limit that is not a number of tokens. */
export function requireLength(maxLength: number | undefined): void {
  if (maxLength === undefined || (Number.isSafeInteger(maxLength) && maxLength >= 1)) return;
  throw new RequestError(
    `expected maxLength to be a whole number of tokens but found ${maxLength}; correct it, as in 512`,
  );
}

/**
 * Rejects a row that is too long for the model.
 *
 * @param lost What `maxLength` cuts off.
 */
export function requireFit(length: number, maxContext: number, lost: string, place: SourceLocation): void {
  if (length <= maxContext) return;
  const problem = `the row has ${length} tokens, but the model reads at most ${maxContext}; shorten the row`;
  throw new RequestError(
    `${problem}, or let its training or evaluation cut the ${lost} with maxLength: ${maxContext}`,
    place,
  ).onPage(problem);
}

/**
 * A prompt within the limits, cut as transformers truncates on the left: the special tokens before it stay.
 *
 * @param before The special tokens that the tokenizer adds before a text.
 * @param after The maximum number of tokens after the prompt.
 * @throws {RequestError} If what follows leaves no room for the prompt.
 */
export function fitPrompt(
  prompt: readonly number[],
  before: readonly number[],
  after: number,
  { maxLength, maxContext, toWrite = 0 }: LengthLimits,
  place: SourceLocation,
): readonly number[] {
  if (maxLength === undefined) return prompt;
  const kept = sharedLength(before, prompt), least = Math.max(1, kept);
  const room = maxLength - after;
  if (room < least) {
    const problem = `the row's completion has ${after} tokens and leaves no room for a prompt within`;
    throw new RequestError(
      `${problem} maxLength: ${maxLength}; raise maxLength or shorten the completion`,
      place,
    ).onPage(`${problem} the ${maxLength} tokens that this page trains on; shorten the completion`);
  }
  // A limit beyond the context does not say how much will be generated.
  const asked = maxContext - toWrite, most = asked < least ? room : Math.min(room, asked);
  return prompt.length > most ? [...prompt.slice(0, kept), ...prompt.slice(prompt.length - most + kept)] : prompt;
}

/**
 * How much of a completion remains within `maxLength` after its whole prompt.
 *
 * @throws {RequestError} If nothing remains, so that there is nothing to train on.
 */
export function completionWithin(prompt: number, completion: number, maxLength: number, place: SourceLocation): number {
  if (prompt < maxLength) return Math.min(completion, maxLength - prompt);
  const problem = `the row's prompt has ${prompt} tokens and leaves nothing of its completion within`;
  throw new RequestError(
    `${problem} maxLength: ${maxLength}; raise maxLength, or cut the prompt's start with truncate: "left"`,
    place,
  ).onPage(`${problem} the ${maxLength} tokens that this page trains on; shorten the prompt`);
}
