/** An evaluation, as it is declared. @module */
import type { Dataset } from "../data/dataset.ts";
import type { Truncation } from "../data/length_limits.ts";
import type { ActingSpec } from "./acting.ts";
import type { DecodingSpec } from "./decoding.ts";
import type { MetricSpec } from "./metric.ts";
import type { Sweepable } from "./sweepable.ts";

/** Examples that are put before every prompt. */
export interface FewShotSpec {
  /** Tells the kinds of record apart. */
  readonly kind: "fewShot";
  /** Where they are drawn from. */
  readonly examples: Sweepable<Dataset>;
  /** How many. */
  readonly count: Sweepable<number>;
  /** Decides which are drawn, and their order. */
  readonly seed: Sweepable<number>;
  /** Follows each of them. */
  readonly separator: string;
  /** Whether they are the first rows in their order, and nothing is drawn. */
  readonly inOrder?: Sweepable<boolean>;
}

/** The task of a published suite that an evaluation is of. */
export interface TaskSpec {
  /** Tells the kinds of record apart. */
  readonly kind: "task";
  /** The suite's name. */
  readonly suite: string;
  /** The task's name. */
  readonly name: string;
  /** Whose rule judges answers. */
  readonly scoring: string;
  /** The metric that is compared with what is published. */
  readonly metric: string;
}

/** An evaluation. */
export interface EvaluateSpec {
  /** Tells the kinds of record apart. */
  readonly kind: "evaluate";
  /** What it is done with. */
  readonly model: Sweepable<ActingSpec>;
  /** The rows. */
  readonly data: Sweepable<Dataset>;
  /** What to measure. */
  readonly metrics: Sweepable<readonly MetricSpec[]>;
  /** Examples that are put before every prompt. */
  readonly fewShot?: Sweepable<FewShotSpec>;
  /** How answers are made. */
  readonly decoding?: Sweepable<DecodingSpec>;
  /** Rows whose work is done together. */
  readonly batchSize?: Sweepable<number>;
  /** What it is of, where that is a published task. */
  readonly task?: Sweepable<TaskSpec>;
  /** Tokens beyond which a prompt loses its front, and a text before a head its end. */
  readonly maxLength?: Sweepable<number>;
  /** Which end of them is lost in place of that. */
  readonly truncate?: Sweepable<Truncation>;
}
