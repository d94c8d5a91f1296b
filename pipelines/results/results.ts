/** The content of results.json. @module */
import type { QuantizationName } from "../models/weights/quantization.ts";

/** One encoding of rows, computed once for all trainings that read them. */
export interface EncodeRecord {
  /** The store's key. */
  readonly key: string;
  /** Whether it was in the store. */
  readonly cached: boolean;
  /** The seconds that it took. */
  readonly seconds: number;
  /** The seconds that it was predicted to take; absent if it was in the store. */
  readonly expectedSeconds?: number;
  /** How many rows were encoded. */
  readonly examples: number;
  /** How many tokens they have. */
  readonly tokens: number;
  /** How many bytes are kept of them. */
  readonly bytes: number;
}

/** What a model measured while it was being trained. */
export interface ValidationRecord {
  /** The number of steps done. */
  readonly step: number;
  /** By name. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** The record of a training. */
export interface TrainRecord {
  /** The stage's name. */
  readonly name: string;
  /** The kind of record. */
  readonly kind: "train";
  /** Whether its result was in the store, or computed with an earlier member's. */
  readonly cached: boolean;
  /** The seconds that it took. */
  readonly seconds: number;
  /** The seconds that it was predicted to take; absent if it was in the store. */
  readonly expectedSeconds?: number;
  /** How many steps there were. */
  readonly steps: number;
  /** One loss per step: in nats per token, or per row if a head predicts classes; for numbers the squared error. */
  readonly losses: readonly number[];
  /** One number per step: the 2-norm of all gradients before clipping; present if `maxGradNorm` clips it. */
  readonly gradientNorms?: readonly number[];
  /** For a training on preferences. */
  readonly rewards?: RewardRecord;
  /** The frozen model's scores of its rows' answers, if the objective compares with them. */
  readonly reference?: ReferenceRecord;
  /** The wall seconds of each step; a share of them if members train together. */
  readonly stepSeconds: readonly number[];
  /** What it measured while it ran; absent if it is not validated. */
  readonly validation?: readonly ValidationRecord[];
  /** After how many steps it was best, and by which metric; if it keeps its best parameters, these are they. */
  readonly best?: { readonly step: number; readonly metric: string };
}

/** One number per step for each: means over the step's rows. */
export interface RewardRecord {
  /** The rewards of the chosen answers. */
  readonly chosen: readonly number[];
  /** The rewards of the rejected answers. */
  readonly rejected: readonly number[];
  /** How much larger the chosen answers' rewards are. */
  readonly margins: readonly number[];
  /** The share of rows whose chosen answer has the larger reward. */
  readonly accuracies: readonly number[];
}

/** The log-likelihoods that the frozen model assigns to answers, computed once for all trainings on these rows. */
export interface ReferenceRecord {
  /** Its key in the store. */
  readonly key: string;
  /** Whether an earlier training computed it. */
  readonly cached: boolean;
  /** The seconds that it took. */
  readonly seconds: number;
}

/** The record of an evaluation. */
export interface EvaluateRecord {
  /** The stage's name. */
  readonly name: string;
  /** The kind of record. */
  readonly kind: "evaluate";
  /** Whether its result was in the store, or computed with an earlier member's. */
  readonly cached: boolean;
  /** The seconds that it took. */
  readonly seconds: number;
  /** The seconds that it was predicted to take; absent if it was in the store. */
  readonly expectedSeconds?: number;
  /** The training whose result was measured; absent for an untrained model. */
  readonly training?: string;
  /** How many rows were measured; absent in results of earlier versions. */
  readonly rows?: number;
  /** How many tokens it generated per second, including the time to read prompts; omitted if it generated none. */
  readonly tokensPerSecond?: number;
  /** How many answers the end of the model's context cut off; omitted if it cut off none. */
  readonly cutAnswers?: number;
  /** What was measured, by the names of the metrics. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Their standard errors, for those that have one. */
  readonly standardErrors?: Readonly<Record<string, number>>;
  /** Those for which less is better. */
  readonly lowerIsBetter?: readonly string[];
  /** Their units, for those that have one. */
  readonly units?: Readonly<Record<string, string>>;
  /** The published task that it belongs to. */
  readonly task?: TaskRecord;
  /** A path within the run folder. */
  readonly predictions: string;
}

/** The published task that an evaluation belongs to. */
export interface TaskRecord {
  /** The suite's name. */
  readonly suite: string;
  /** The task's name. */
  readonly name: string;
  /** The rule that scores answers. */
  readonly scoring: string;
  /** The metric that is compared with published numbers. */
  readonly metric: string;
  /** The base model. */
  readonly base: string;
  /** How many parameters it has. */
  readonly baseParameters: number;
  /** What was trained, as the kinds of edits and adapters; absent for an untrained model. */
  readonly method?: string;
  /** How many numbers were trained, without a head's. */
  readonly parameters: number;
  /** How many numbers of a head were trained; absent without a head. */
  readonly headParameters?: number;
  /** The number of rows measured. */
  readonly rows: number;
  /** How many of them ask the same question, ignoring punctuation, as a training row; absent for an untrained model. */
  readonly trained?: number;
}

/** An average over the tasks of a suite. */
export interface AverageRecord {
  /** The suite's name. */
  readonly suite: string;
  /** The rule that scored answers. */
  readonly scoring: string;
  /** Those of the suite's averaged tasks that were run. */
  readonly tasks: readonly string[];
  /** The mean of their compared metrics. */
  readonly value: number;
}

/** The record of an activations stage: what a model computed, written to a file. */
export interface ActivationsRecord {
  /** The stage's name. */
  readonly name: string;
  /** The kind of record. */
  readonly kind: "activations";
  /** Whether its result was in the store, or computed with an earlier member's. */
  readonly cached: boolean;
  /** The seconds that it took. */
  readonly seconds: number;
  /** The seconds that it was predicted to take; absent if it was in the store. */
  readonly expectedSeconds?: number;
  /** How many rows there are. */
  readonly rows: number;
  /** A path within the run folder. */
  readonly tensors: string;
}

/** The records of stages, by the stage's kind. */
export interface StageRecords {
  /** For a training. */
  readonly train: TrainRecord;
  /** For an evaluation. */
  readonly evaluate: EvaluateRecord;
  /** For an activations stage. */
  readonly activations: ActivationsRecord;
}

/** The record of a stage. */
export type StageRecord = StageRecords[keyof StageRecords];

/** A member's results. */
export interface MemberRecord {
  /** Readable and stable, as in `layer=15,rank=4`; `main` without axes. */
  readonly id: string;
  /** Its values on the axes. */
  readonly axes: Readonly<Record<string, string | number | boolean>>;
  /** The best members that it continues with: the stage and metric by which they are best, and their id. */
  readonly chosen?: readonly { readonly stage: string; readonly metric: string; readonly member: string }[];
  /** How many numbers it trains. */
  readonly trainableParameters: number;
  /** How many numbers its base model has; absent in results of earlier versions. */
  readonly baseParameters?: number;
  /**
   * The settings of its stages, by stage and path, as in `train tuned` and `optimizer.learningRate`; absent in results
   * of earlier versions.
   */
  readonly settings?: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;
  /** How its base model is quantized; absent if it is as stored. */
  readonly quantize?: QuantizationName;
  /** Its stages, in the order in which they ran. */
  readonly stages: readonly StageRecord[];
  /** Over the tasks of suites, if it has several tasks of one. */
  readonly averages?: readonly AverageRecord[];
}

/** A metric over the repetitions of an experiment. */
export interface MetricSummary {
  /** The mean. */
  readonly mean: number;
  /** The sample standard deviation. */
  readonly deviation: number;
  /** The number of repetitions. */
  readonly count: number;
}

/** An experiment that several members repeat, for example with other seeds. */
export interface RepeatedRecord {
  /** The members' id without the axes that repeat. */
  readonly id: string;
  /** The values of the axes that all of them share. */
  readonly axes: Readonly<Record<string, string | number | boolean>>;
  /** The ids of its members. */
  readonly members: readonly string[];
  /** Each evaluation with its metrics over the members. */
  readonly stages: readonly {
    readonly name: string;
    readonly metrics: Readonly<Record<string, MetricSummary>>;
  }[];
}

/** How long a run took, and was predicted to take. */
export interface RunTime {
  /** From the first stage to the last. */
  readonly seconds: number;
  /** For all stages and encodings that the store did not have. */
  readonly expectedSeconds: number;
  /** The basis of the prediction: runs of this model's shape, of other models on this machine, or an assumed speed. */
  readonly basis: "model" | "machine" | "assumed";
}

/** A run's results. */
export interface Results {
  /** The pipeline's name. */
  readonly pipeline: string;
  /** The members, in the order in which they ran. */
  readonly members: readonly MemberRecord[];
  /** What the trainings read, each computed once. */
  readonly encode: readonly EncodeRecord[];
  /** One for each repeated experiment, if there are any. */
  readonly summaries?: readonly RepeatedRecord[];
  /** Absent in results of earlier versions. */
  readonly time?: RunTime;
}
