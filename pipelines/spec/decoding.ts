/** How an evaluation turns a prompt into an answer, as declared. @module */
import type { ScoredBy } from "../metrics/choice_scores.ts";
import type { Sweepable } from "./sweepable.ts";

/** Settings of every decoding method that generates text. */
export interface WritingSpec {
  /** Generation ends after this many tokens, or at an end-of-sequence token. */
  readonly maxNewTokens: Sweepable<number>;
  /** Makes tokens that already occur in the prompt or the answer less likely; 1 for no penalty. */
  readonly repetitionPenalty?: Sweepable<number>;
  /**
   * No n-gram of this many tokens that already occurs in the prompt or the answer is generated again; 0 for no
   * restriction.
   */
  readonly noRepeatNgramSize?: Sweepable<number>;
  /** Generation ends before any of these texts. */
  readonly stop?: Sweepable<readonly string[]>;
}

/** How tokens are sampled. */
export interface SamplingSpec {
  /** Divides the logits. */
  readonly temperature: Sweepable<number>;
  /** Samples only from this many of the likeliest tokens; from all if 0. */
  readonly topK: Sweepable<number>;
  /** Samples only from the likeliest tokens whose probabilities sum to this. */
  readonly topP: Sweepable<number>;
  /** The seed of the random numbers. */
  readonly seed: Sweepable<number>;
}

/** Settings of every beam search. */
export interface BeamsSpec {
  /** The number of beams. */
  readonly beams: Sweepable<number>;
  /** A continuation's log-likelihood is divided by its length raised to this power. */
  readonly lengthPenalty: Sweepable<number>;
  /** When a search that has as many finished continuations as beams ends. */
  readonly earlyStopping?: Sweepable<boolean | "never">;
}

/** How an evaluation turns a prompt into an answer. */
export type DecodingSpec =
  | { readonly kind: "greedy" } & WritingSpec
  | { readonly kind: "sample" } & SamplingSpec & WritingSpec
  | { readonly kind: "beam" } & BeamsSpec & WritingSpec
  | { readonly kind: "beamSample" } & BeamsSpec & SamplingSpec & WritingSpec
  | {
    readonly kind: "choices";
    readonly options: Sweepable<readonly string[] | string>;
    readonly end?: Sweepable<boolean>;
    /** How they are compared. */
    readonly by?: Sweepable<ScoredBy>;
    /** The prompt that gives a choice's likelihood independent of the row. */
    readonly unconditional?: Sweepable<string>;
    /** The template for the text between the prompt and each choice, which is scored with the choice. */
    readonly separator?: Sweepable<string>;
    /** The template for the text after each choice, which is scored instead of the choice. */
    readonly continuation?: Sweepable<string>;
  };
