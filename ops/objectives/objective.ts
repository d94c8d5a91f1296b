/**
 * What an objective over preferences is: a loss of two answers to one prompt, of which the first is preferred.
 *
 * @module
 */
import * as o from "../operators.ts";
import type { Value } from "../program/program.ts";

/** What is known of an answer of each row, each [rows, 1]. */
export interface Answer {
  /** The sum of its tokens' log-likelihoods, or the number that a head gives it. */
  readonly score: Value;
  /** How many tokens it has; absent where a head scores it. */
  readonly tokens?: Value;
  /** The sum of its tokens' log-likelihoods by the frozen model; absent of objectives that need none. */
  readonly reference?: Value;
}

/** Two answers to one prompt. */
export interface Pair {
  readonly chosen: Answer;
  readonly rejected: Answer;
}

/** What an objective makes of pairs, each [rows, 1]. */
export interface Compared {
  readonly losses: Value;
  /** What the training raises of chosen answers. */
  readonly chosenRewards: Value;
  /** What it lowers of rejected ones. */
  readonly rejectedRewards: Value;
}

/** A setting of an objective. */
export interface ObjectiveSetting {
  /** What it may be. */
  readonly range: "positive" | "amount" | "belowHalf";
  /** Its value if omitted; it has to be given where there is none. */
  readonly usual?: number;
}

/** An objective over preferences. */
export interface Objective<Setting extends string = string> {
  /** How a pipeline writes it. */
  readonly call: string;
  /** Whether it compares answers with what the frozen model gives them. */
  readonly needsReference: boolean;
  /** What scores the answers: their likelihood, or a head. */
  readonly scores: "likelihoods" | "heads";
  /** Its numbers, by name. */
  readonly settings: Readonly<Record<Setting, ObjectiveSetting>>;
  /** The rows' losses and rewards. */
  compare(pair: Pair, settings: Readonly<Record<Setting, Value>>): Compared;
}

/** `−ln σ(x)`, which is never infinite. */
export function negativeLogSigmoid(x: Value): Value {
  return o.softplus(o.neg(x));
}

/** The reference of an answer; its absence is a bug. */
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
