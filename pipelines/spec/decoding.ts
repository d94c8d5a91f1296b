/** How an evaluation turns a prompt into an answer, as it is declared. @module */
import type { ScoredBy } from "../metrics/choice_scores.ts";
import type { Sweepable } from "./sweepable.ts";

/** What all ways to write an answer share. */
export interface WritingSpec {
  /** Writing ends here, or at an end-of-sequence token. */
  readonly maxNewTokens: Sweepable<number>;
  /** Makes what was read or written before less likely; 1 for none. */
  readonly repetitionPenalty?: Sweepable<number>;
  /** No run of that many tokens is written that was read or written before; 0 for any. */
  readonly noRepeatNgramSize?: Sweepable<number>;
  /** Writing ends before any of these texts. */
  readonly stop?: Sweepable<readonly string[]>;
}

/** What tokens are drawn by. */
interface SamplingSpec {
  readonly temperature: Sweepable<number>;
  readonly topK: Sweepable<number>;
  readonly topP: Sweepable<number>;
  readonly seed: Sweepable<number>;
}

/** What all searches with beams share. */
interface BeamsSpec {
  readonly beams: Sweepable<number>;
  readonly lengthPenalty: Sweepable<number>;
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
    /** What they are compared by. */
    readonly by?: Sweepable<ScoredBy>;
    /** The prompt after which a choice is as likely as it is without the row. */
    readonly unconditional?: Sweepable<string>;
    /** The template of what stands between the prompt and each choice, and is scored with it. */
    readonly separator?: Sweepable<string>;
    /** The template of what follows each choice and is scored in its place. */
    readonly continuation?: Sweepable<string>;
  };
