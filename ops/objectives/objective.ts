/**
 * Preference objectives: losses over two answers to one prompt, of which the first is preferred.
 *
 * @module
 */
import * as o from "../operators.ts";
import type { Value } from "../program/program.ts";

/** The tensors that describe one answer of each row, each [rows, 1]. */
export interface Answer {
  /** The sum of its tokens' log-likelihoods, or the score that a head gives it. */
  readonly score: Value;
  /** How many tokens it has; absent if a head scores it. */
  readonly tokens?: Value;
  /** The sum of its tokens' log-likelihoods under the frozen model; absent for objectives that do not need it. */
  readonly reference?: Value;
}

/** Two answers to one prompt. */
export interface Pair {
  readonly chosen: Answer;
  readonly rejected: Answer;
}

/** The losses and rewards that an objective computes for pairs, each [rows, 1]. */
export interface Compared {
  readonly losses: Value;
  /** The rewards of chosen answers, which training raises. */
  readonly chosenRewards: Value;
  /** The rewards of rejected answers, which training lowers. */
  readonly rejectedRewards: Value;
}

/** A setting of an objective. */
export interface ObjectiveSetting {
  /** The values allowed. */
  readonly range: "positive" | "amount" | "belowHalf";
  /** The default; the setting is required if there is none. */
  readonly usual?: number;
}

/** A preference objective. */
export interface Objective<Setting extends string = string> {
  /** The call that a pipeline writes for it. */
  readonly call: string;
  /** Whether it needs the frozen model's log-likelihoods of the answers. */
  readonly needsReference: boolean;
  /** What scores the answers: their likelihoods or a head. */
  readonly scores: "likelihoods" | "heads";
  /** Its settings by name. */
  readonly settings: Readonly<Record<Setting, ObjectiveSetting>>;
  /** The rows' losses and rewards. */
  compare(pair: Pair, settings: Readonly<Record<Setting, Value>>): Compared;
}

/** `−ln σ(x)`, computed so that it never overflows. */
export function negativeLogSigmoid(x: Value): Value {
  return o.softplus(o.neg(x));
}

/** The frozen model's log-likelihood of an answer; its absence is a bug. */
export function referenceOf({ reference }: Answer): Value {
  if (reference === undefined) throw new TypeError("The objective needs the frozen model's log-likelihoods");
  return reference;
}

/** The mean of an answer's log-likelihoods over its tokens. */
export function perToken(answer: Answer): Value {
  return o.div(answer.score, tokensOf(answer));
}

/** How many tokens an answer has; their absence is a bug. */
export function tokensOf({ tokens }: Answer): Value {
  if (tokens === undefined) throw new TypeError("The objective needs the answers' numbers of tokens");
  return tokens;
}
