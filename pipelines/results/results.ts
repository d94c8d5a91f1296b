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
  /** The seconds that it was expected to take before it ran; absent where it was in the store. */
  readonly expectedSeconds?: number;
  /** How many rows were encoded. */
  readonly examples: number;
  /** How many tokens they have. */
  readonly tokens: number;
  /** How many bytes are kept of them. */
  readonly bytes: number;
}

/** What a model measured at while it was trained. */
export interface ValidationRecord {
  /** After how many steps. */
  readonly step: number;
  /** By name. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** The line of a training. */
export interface TrainRecord {
  /** The stage's name. */
  readonly name: string;
  /** Which kind of record this is. */
  readonly kind: "train";
  /** Whether its result was in the store, or computed with an earlier member's. */
  readonly cached: boolean;
  /** The seconds that it took. */
  readonly seconds: number;
  /** The seconds that it was expected to take before it ran; absent where it was in the store. */
  readonly expectedSeconds?: number;
  /** How many steps there were. */
  readonly steps: number;
  /** One number a step: in nats a token, or a row where a head predicts classes; of numbers the squared error. */
  readonly losses: readonly number[];
  /** One number a step: the 2-norm of all gradients before it was bounded; where `maxGradNorm` bounds it. */
  readonly gradientNorms?: readonly number[];
  /** Of a training on preferences. */
  readonly rewards?: RewardRecord;
  /** What the frozen model gave to its rows' answers, where the objective compares with it. */
  readonly reference?: ReferenceRecord;
  /** The wall seconds of each step; a share of them where members train together. */
  readonly stepSeconds: readonly number[];
  /** What it measured while it ran; absent where it is not validated. */
  readonly validation?: readonly ValidationRecord[];
  /** After how many steps it was best, and by which metric; where it keeps its best parameters, they are those. */
  readonly best?: { readonly step: number; readonly metric: string };
}

/** One number a step of each: means over the step's rows. */
export interface RewardRecord {
  /** The rewards of the chosen answers. */
  readonly chosen: readonly number[];
  /** The rewards of the rejected answers. */
  readonly rejected: readonly number[];
  /** By how much the chosen answers' rewards are larger. */
  readonly margins: readonly number[];
  /** The share of rows whose chosen answer has the larger reward. */
  readonly accuracies: readonly number[];
}

/** The log-likelihoods that the frozen model gives to answers, computed once for all trainings on these rows. */
export interface ReferenceRecord {
  /** Its key in the store. */
  readonly key: string;
  /** Whether an earlier training has computed it. */
  readonly cached: boolean;
  /** The seconds that it took. */
  readonly seconds: number;
}

/** The line of an evaluation. */
export interface EvaluateRecord {
  /** The stage's name. */
  readonly name: string;
  /** Which kind of record this is. */
  readonly kind: "evaluate";
  /** Whether its result was in the store, or computed with an earlier member's. */
  readonly cached: boolean;
  /** The seconds that it took. */
  readonly seconds: number;
  /** The seconds that it was expected to take before it ran; absent where it was in the store. */
  readonly expectedSeconds?: number;
  /** The training whose result was measured; absent of a model as it is. */
  readonly training?: string;
  /** How many rows were measured; absent in results of earlier versions. */
  readonly rows?: number;
  /** How many tokens it wrote a second, prompts read meanwhile; omitted where it wrote none. */
  readonly tokensPerSecond?: number;
  /** How many answers the end of the model's context cut; omitted where it cut none. */
  readonly cutAnswers?: number;
  /** What was measured, by the names of the metrics. */
  readonly metrics: Readonly<Record<string, number>>;
  /** By how much they may be off, as one standard error, of those that have one. */
  readonly standardErrors?: Readonly<Record<string, number>>;
  /** Those of which less is better. */
  readonly lowerIsBetter?: readonly string[];
  /** What they are counted in, of those that say so. */
  readonly units?: Readonly<Record<string, string>>;
  /** The published task that it is of. */
  readonly task?: TaskRecord;
  /** A path within the run's folder. */
  readonly predictions: string;
}

/** The published task that an evaluation is of. */
export interface TaskRecord {
  /** The suite's name. */
  readonly suite: string;
  /** The task's name. */
  readonly name: string;
  /** Whose rule judges answers. */
  readonly scoring: string;
  /** The metric that is compared with what is published. */
  readonly metric: string;
  /** The base model. */
  readonly base: string;
  /** How many parameters it has. */
  readonly baseParameters: number;
  /** What was trained, by the kinds of edits and adapters; absent of a model as it is. */
  readonly method?: string;
  /** How many numbers that trained, the head's aside. */
  readonly parameters: number;
  /** How many numbers of a head were trained; absent without a head. */
  readonly headParameters?: number;
  /** Rows that are measured. */
  readonly rows: number;
  /** How many of them ask in the same words, punctuation aside, what was trained on; absent of a model as it is. */
  readonly trained?: number;
}

/** An average over the tasks of a suite. */
export interface AverageRecord {
  /** The suite's name. */
  readonly suite: string;
  /** Whose rule judged answers. */
  readonly scoring: string;
  /** Those that were run of the tasks that the suite averages. */
  readonly tasks: readonly string[];
  /** The mean of their compared metrics. */
  readonly value: number;
}

/** The line of an activations stage: what a model computed, written to a file. */
export interface ActivationsRecord {
  /** The stage's name. */
  readonly name: string;
  /** Which kind of record this is. */
  readonly kind: "activations";
  /** Whether its result was in the store, or computed with an earlier member's. */
  readonly cached: boolean;
  /** The seconds that it took. */
  readonly seconds: number;
  /** The seconds that it was expected to take before it ran; absent where it was in the store. */
  readonly expectedSeconds?: number;
  /** How many rows there are. */
  readonly rows: number;
  /** A path within the run's folder. */
  readonly tensors: string;
}

/** The lines of stages, by the stage's kind. */
export interface StageRecords {
  /** Of a training. */
  readonly train: TrainRecord;
  /** Of an evaluation. */
  readonly evaluate: EvaluateRecord;
  /** Of an activations stage. */
  readonly activations: ActivationsRecord;
}

/** The line of a stage. */
export type StageRecord = StageRecords[keyof StageRecords];

/** A member's results. */
export interface MemberRecord {
  /** Readable and stable, as in `layer=15,rank=4`; `main` without axes. */
  readonly id: string;
  /** Its values of the axes. */
  readonly axes: Readonly<Record<string, string | number | boolean>>;
  /** The best members that it continues with: the stage and metric that they are best by, and their id. */
  readonly chosen?: readonly { readonly stage: string; readonly metric: string; readonly member: string }[];
  /** How many numbers it trains. */
  readonly trainableParameters: number;
  /** How many numbers its base model has; absent in results of earlier versions. */
  readonly baseParameters?: number;
  /** What its stages set, by stage and path, as in `train tuned` and `optimizer.learningRate`; absent as above. */
  readonly settings?: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;
  /** How its base model is quantized; absent if it is as it is stored. */
  readonly quantize?: QuantizationName;
  /** Its stages, in the order in which they ran. */
  readonly stages: readonly StageRecord[];
  /** Over the tasks of suites, if it has several of one. */
  readonly averages?: readonly AverageRecord[];
}

/** A metric over the repetitions of an experiment. */
export interface MetricSummary {
  /** The mean. */
  readonly mean: number;
  /** The sample's standard deviation. */
  readonly deviation: number;
  /** Over how many repetitions. */
  readonly count: number;
}

/** An experiment that several members repeat, as with other seeds. */
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

/** How long a run took, and was expected to take. */
export interface RunTime {
  /** From the first stage to the last. */
  readonly seconds: number;
  /** Of all stages and encodings, as far as the store did not have them. */
  readonly expectedSeconds: number;
  /** What was expected by: runs of this model's shape, of other models on this machine, or an assumed speed. */
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
  /** One for each repeated experiment, if there is any. */
  readonly summaries?: readonly RepeatedRecord[];
  /** Absent of results of earlier versions. */
  readonly time?: RunTime;
}
