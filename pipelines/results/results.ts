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

/** The line of a training. */
export interface TrainRecord {
  readonly name: string;
  readonly kind: "train";
  readonly cached: boolean;
  readonly seconds: number;
  readonly steps: number;
  /** One number a step: in nats a token, or a row where a head predicts classes; of numbers the squared error. */
  readonly losses: readonly number[];
  /** One number a step: the 2-norm of all gradients before it was bounded; where `maxGradNorm` bounds it. */
  readonly gradientNorms?: readonly number[];
  /** Of a training on preferences. */
  readonly rewards?: RewardRecord;
  /** What the frozen model gave to its rows' answers, where the objective compares with it. */
  readonly reference?: ReferenceRecord;
  readonly stepSeconds: readonly number[];
}

/** One number a step of each: means over the step's rows. */
export interface RewardRecord {
  readonly chosen: readonly number[];
  readonly rejected: readonly number[];
  /** By how much the chosen answers' rewards are larger. */
  readonly margins: readonly number[];
  /** The share of rows whose chosen answer has the larger reward. */
  readonly accuracies: readonly number[];
}

/** The log-likelihoods that the frozen model gives to answers, computed once for all trainings on these rows. */
export interface ReferenceRecord {
  readonly key: string;
  readonly cached: boolean;
  readonly seconds: number;
}

/** The line of an evaluation. */
export interface EvaluateRecord {
  readonly name: string;
  readonly kind: "evaluate";
  readonly cached: boolean;
  readonly seconds: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** By how much they may be off, as one standard error, of those that have one. */
  readonly standardErrors?: Readonly<Record<string, number>>;
  /** Those of which less is better. */
  readonly lowerIsBetter?: readonly string[];
  /** What they are counted in, of those that say so. */
  readonly units?: Readonly<Record<string, string>>;
  /** A path within the run's folder. */
  readonly predictions: string;
}

/** The line of an activations stage: what a model computed, written to a file. */
interface ActivationsRecord {
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
  /** The best members that it goes on with: the stage and metric that they are best by, and their id. */
  readonly chosen?: readonly { readonly stage: string; readonly metric: string; readonly member: string }[];
  readonly trainableParameters: number;
  /** How its base model is quantized; absent if it is as it is stored. */
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

/** An experiment that several members repeat, as with other seeds. */
export interface RepeatedRecord {
  /** The members' id without the axes that repeat. */
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
  /** One for each repeated experiment, if there is any. */
  readonly summaries?: readonly RepeatedRecord[];
}
