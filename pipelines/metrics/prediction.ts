/** An evaluation's result for a row, and what metrics are passed of it. @module */
import type { SourceLocation } from "../common/errors.ts";

/** An evaluation's result for one row. */
export interface Prediction {
  /** The text that the model read. */
  readonly prompt: string;
  /** The second text of a pair. */
  readonly pair?: string;
  /** The row's own completion, or its label's name or number. */
  readonly completion: string;
  /**
   * The text that the completion's tokens decode to, if it differs from the completion: a tokenizer may clean up
   * spaces, omit special tokens or change letters.
   */
  readonly taught?: string;
  /** The model's answer, if the evaluation has a decoding or a head: a text, a class's name or a number. */
  readonly prediction?: string | number;
  /** Set if the answer was cut off by the end of the model's context. */
  readonly endsWithContext?: true;
  /**
   * The sum of the negative log-likelihoods of the completion's tokens in nats, if scored; for a label its negative
   * log-likelihood, for a number the squared error.
   */
  readonly loss?: number;
  /** The number of tokens that the loss is summed over, including the end-of-sequence token. */
  readonly tokens?: number;
  /** The answer that the completion is preferred to. */
  readonly rejected?: string;
  /** The completion's reward, if it is compared with a rejected answer. */
  readonly chosenReward?: number;
  /** The rejected answer's reward. */
  readonly rejectedReward?: number;
  /** The outcome of running the answer as a program: `passed`, `timed out`, or `failed: ` and the Python exception. */
  readonly verdict?: string;
  /**
   * Whether a judge prefers the answer (2) or the completion (1), or a value in between; `null` if it named neither.
   */
  readonly preference?: number | null;
  /** The probability of each class, by name. */
  readonly probabilities?: Readonly<Record<string, number>>;
  /** The texts that the model chose from. */
  readonly choices?: readonly string[];
  /** The log-likelihood of each of them in nats, summed over its tokens. */
  readonly scores?: readonly number[];
  /** How many tokens each score is summed over. */
  readonly choiceTokens?: readonly number[];
  /** The log-likelihood of each of them after the unconditional prompt, if they are compared with it. */
  readonly unconditionalScores?: readonly number[];
  /**
   * The row's contribution to each metric, by name: its own number if the metric is a mean over rows, for example 1 for
   * a correct answer; otherwise its jackknife pseudovalue, whose mean is approximately the metric.
   */
  readonly measured?: Readonly<Record<string, number>>;
}

/** A row and the model's result for it, as passed to metrics. */
export interface MeasuredRow extends Prediction {
  /** All fields of the row in the data. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Its place in the data. */
  readonly place: SourceLocation;
}

/** What a head predicts of a row beside what the row has: classes by their ids, or numbers. */
export interface Labelled {
  readonly expected: number;
  readonly predicted: number;
}

/** The same, with the row and what it costs. */
export interface HeadPrediction extends Labelled {
  readonly loss: number;
  readonly row: MeasuredRow;
}
