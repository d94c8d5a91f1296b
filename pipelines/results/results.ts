/** The content of results.json. @module */
import type { QuantizationName } from "../models/weights/quantization.ts";

/** One encoding of rows, computed once for all trainings that read them. */
export interface EncodeRecord {
  readonly key: string;
  readonly cached: boolean;
  readonly seconds: number;
  readonly examples: number;
  readonly tokens: number;
  readonly bytes: number;
}

/** A training's line. */
export interface TrainRecord {
  readonly name: string;
  readonly kind: "train";
  readonly cached: boolean;
  readonly seconds: number;
  readonly steps: number;
  /** One number a step: in nats a token, or a row where a head tells classes; of numbers the squared error. */
  readonly losses: readonly number[];
  readonly stepSeconds: readonly number[];
}

/** An evaluation's line. */
export interface EvaluateRecord {
  readonly name: string;
  readonly kind: "evaluate";
  readonly cached: boolean;
  readonly seconds: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** A path within the run's folder. */
  readonly predictions: string;
}

/** What a model computed, written down: its line. */
export interface ActivationsRecord {
  readonly name: string;
  readonly kind: "activations";
  readonly cached: boolean;
  readonly seconds: number;
  readonly rows: number;
  /** A path within the run's folder. */
  readonly tensors: string;
}

/** The lines of stages, by the stage's kind. */
export interface StageRecords {
  readonly train: TrainRecord;
  readonly evaluate: EvaluateRecord;
  readonly activations: ActivationsRecord;
}

/** The line of a stage. */
export type StageRecord = StageRecords[keyof StageRecords];

/** A member's results. */
export interface MemberRecord {
  readonly id: string;
  readonly axes: Readonly<Record<string, string | number | boolean>>;
  /** The best members that it goes on with: the stage and metric by which they are, and their id. */
  readonly chosen?: readonly { readonly stage: string; readonly metric: string; readonly member: string }[];
  readonly trainableParameters: number;
  /** How many bits its base model is kept in; absent where it is as it is stored. */
  readonly quantize?: QuantizationName;
  readonly stages: readonly StageRecord[];
}

/** A metric over the repetitions of an experiment. */
export interface MetricSummary {
  readonly mean: number;
  /** The sample's standard deviation. */
  readonly deviation: number;
  readonly count: number;
}

/** An experiment that several members repeat. */
export interface RepeatedRecord {
  /** The members' id without what they vary. */
  readonly id: string;
  readonly axes: Readonly<Record<string, string | number | boolean>>;
  /** The ids of its members. */
  readonly members: readonly string[];
  readonly stages: readonly {
    readonly name: string;
    readonly metrics: Readonly<Record<string, MetricSummary>>;
  }[];
}

/** A run's results. */
export interface Results {
  readonly pipeline: string;
  readonly members: readonly MemberRecord[];
  readonly encode: readonly EncodeRecord[];
  /** One for each experiment, if any was repeated. */
  readonly summaries?: readonly RepeatedRecord[];
}
