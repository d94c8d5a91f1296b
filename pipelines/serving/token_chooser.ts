/** Chooses the next token of an answer as a request specifies. @module */
import { createRandom } from "../data/random.ts";
import { argmax } from "../common/argmax.ts";
import { draw, penalizeRepetition } from "../decoding/logits.ts";
import type { TokenChoice } from "./writing_request.ts";

/** Chooses the next token of an answer. */
export interface ChooseToken {
  /** Returns the next token after what was read and generated. */
  (logits: Float32Array, read: readonly number[], written: readonly number[]): number;
  /** Whether it always chooses the likeliest one. */
  readonly isLikeliest: boolean;
}

/**
 * A chooser with its own random stream, so that one answer's samples do not depend on another's.
 *
 * @param answer The answer's index within its request.
 */
export function tokenChooser(choice: TokenChoice, answer: number): ChooseToken {
  const random = createRandom(choice.seed, "serve", answer), { temperature, topP, topK } = choice;
  const choose = (logits: Float32Array, read: readonly number[], written: readonly number[]) => {
    const changed = changedLogits(logits, choice, read, written);
    return temperature === 0 ? argmax(changed) : draw(changed, { temperature, topK, topP }, random);
  };
  return Object.assign(choose, { isLikeliest: temperature === 0 && isPlain(choice) && choice.repetitionPenalty === 1 });
}

/** Whether a request neither penalizes generated tokens nor biases any. */
function isPlain({ presencePenalty, frequencyPenalty, logitBias }: TokenChoice): boolean {
  return presencePenalty === 0 && frequencyPenalty === 0 && logitBias.size === 0;
}

/**
 * Logits with a request's penalties and biases. Presence and frequency penalties, as in OpenAI's API, apply to
 * generated tokens: `logit − frequency · count − presence · [count > 0]`; the repetition penalty applies to those
 * that the decoder has read, too.
 */
function changedLogits(
  logits: Float32Array,
  choice: TokenChoice,
  read: readonly number[],
  written: readonly number[],
): Float32Array {
  const { presencePenalty, frequencyPenalty, repetitionPenalty, logitBias } = choice;
  const penalized = repetitionPenalty === 1
    ? logits
    : penalizeRepetition(logits, [...read, ...written], repetitionPenalty);
  if (isPlain(choice)) return penalized;
  const changed = penalized === logits ? logits.slice() : penalized;
  if (presencePenalty !== 0 || frequencyPenalty !== 0) {
    for (const token of written) changed[token]! -= frequencyPenalty;
    for (const token of new Set(written)) changed[token]! -= presencePenalty;
  }
  for (const [token, bias] of logitBias) changed[token]! += bias;
  return changed;
}
