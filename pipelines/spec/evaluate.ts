/** Evaluations, as declared. @module */
import type { Dataset } from "../data/dataset.ts";
import type { Truncation } from "../data/length_limits.ts";
import type { ActingSpec } from "./acting.ts";
import type { DecodingSpec } from "./decoding.ts";
import type { MetricSpec } from "./metric.ts";
import type { Sweepable } from "./sweepable.ts";

/** Few-shot examples that are put before every prompt. */
export interface FewShotSpec {
  /** Which kind of record this is. */
  readonly kind: "fewShot";
  /** The rows that they are drawn from. */
  readonly examples: Sweepable<Dataset>;
  /** The number of examples. */
  readonly count: Sweepable<number>;
  /** Decides which rows are drawn, and their order. */
  readonly seed: Sweepable<number>;
  /** The text after each of them. */
  readonly separator: string;
  /** Whether they are the first rows in order instead of random ones. */
  readonly inOrder?: Sweepable<boolean>;
}

/** The task of a published suite that an evaluation measures. */
export interface TaskSpec {
  /** Which kind of record this is. */
  readonly kind: "task";
  /** The suite's name. */
  readonly suite: string;
  /** The task's name. */
  readonly name: string;
  /** Whose rule scores answers. */
  readonly scoring: string;
  /** The metric that is compared with published results. */
  readonly metric: string;
}

/** An evaluation. */
export interface EvaluateSpec {
  /** Which kind of record this is. */
  readonly kind: "evaluate";
  /** The model to measure. */
  readonly model: Sweepable<ActingSpec>;
  /** The rows. */
  readonly data: Sweepable<Dataset>;
  /** The metrics. */
  readonly metrics: Sweepable<readonly MetricSpec[]>;
  /** Few-shot examples that are put before every prompt. */
  readonly fewShot?: Sweepable<FewShotSpec>;
  /** How answers are generated or chosen. */
  readonly decoding?: Sweepable<DecodingSpec>;
  /** The number of rows that run together. */
  readonly batchSize?: Sweepable<number>;
  /** The published task that is measured, if any. */
  readonly task?: Sweepable<TaskSpec>;
  /** The maximum number of tokens; longer prompts lose their beginning, and texts before a head their end. */
  readonly maxLength?: Sweepable<number>;
  /** Which end is cut instead. */
  readonly truncate?: Sweepable<Truncation>;
}
