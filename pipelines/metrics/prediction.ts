/** What an evaluation says of a row, and what metrics see of it. @module */
import type { SourceLocation } from "../common/errors.ts";

/** What an evaluation says of one row. */
export interface Prediction {
  /** What the model read. */
  readonly prompt: string;
  /** The second text of a pair. */
  readonly pair?: string;
  /** The row's own completion, or its label's name or number. */
  readonly completion: string;
  /**
   * What the completion's tokens say when they are decoded as answers are, if that is another text: a tokenizer may clean
   * up spaces, omit special tokens or change letters.
   */
  readonly taught?: string;
  /** The model's answer, where the evaluation decodes or a head predicts: a text, a class's name or a number. */
  readonly prediction?: string | number;
  /** Set where the model's context ended the answer before it was over. */
  readonly endsWithContext?: true;
  /**
   * The sum of the completion's negative log-likelihoods in nats, and its number of tokens, where scored; of a label the
   * negative log-likelihood, of a number the squared error.
   */
  readonly loss?: number;
  /** The tokens that the loss is summed over, the one that ends the completion included. */
  readonly tokens?: number;
  /** The answer that the completion is preferred to. */
  readonly rejected?: string;
  /** The completion's reward, where it is compared with this answer. */
  readonly chosenReward?: number;
  /** This answer's reward. */
  readonly rejectedReward?: number;
  /** What came of running the answer as a program: `passed`, `timed out`, or `failed: ` and what Python raised. */
  readonly verdict?: string;
  /** Whether a judge prefers the answer (2) or the completion (1), or how surely; `null` where it named neither. */
  readonly preference?: number | null;
  /** Of each class by its name. */
  readonly probabilities?: Readonly<Record<string, number>>;
  /** The texts among which the model chose. */
  readonly choices?: readonly string[];
  /** The log-likelihood of each of them in nats, summed over its tokens. */
  readonly scores?: readonly number[];
  /** How many tokens each score is summed over. */
  readonly choiceTokens?: readonly number[];
  /** The log-likelihood of each of them after the unconditional prompt, where it is compared with that. */
  readonly unconditionalScores?: readonly number[];
  /**
   * What the row contributes to each metric, by name: its own number where the metric is a mean over rows, as 1 for a right
   * answer; of other metrics its jackknife pseudovalue, whose mean is about the metric.
   */
  readonly measured?: Readonly<Record<string, number>>;
}

/** A row with what the model made of it, as metrics see it. */
export interface MeasuredRow extends Prediction {
  /** All that the data has about the row. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Where it stands in the data. */
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
