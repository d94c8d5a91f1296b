/**
 * What the report shows: the types that the page in the browser reads. They import nothing, so that the page is checked
 * without Deno's types.
 *
 * @module
 */

/** A member's value on an axis. */
export type AxisValue = string | number | boolean;

/** An axis of a sweep with all values that members have. */
export interface AxisView {
  readonly name: string;
  readonly values: readonly AxisValue[];
}

/** A metric at some steps of a training. */
export interface ValidationCurve {
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

/** The state of a member. */
export type MemberState = "done" | "at work" | "waiting";

/** A member as the page shows it. */
export interface MemberView {
  readonly id: string;
  /** Equal for members that repeat one experiment. */
  readonly repeated: string;
  readonly axes: Readonly<Record<string, AxisValue>>;
  readonly state: MemberState;
  /** The kinds of edits and adapters, if an axis names them. */
  readonly method: string;
  readonly parameters: number;
  /** The same as a share of the base model's; absent in results of earlier versions. */
  readonly share?: number;
  /** By stage and metric, as in `tuned exactMatch`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Of the metrics that have one. */
  readonly standardErrors: Readonly<Record<string, number>>;
  /** The settings of its stages, by stage and path, as in `train tuned optimizer.learningRate`. */
  readonly settings: Readonly<Record<string, AxisValue>>;
  readonly losses: readonly number[];
  /** The gradient norms of the same steps before clipping; empty if they were not clipped. */
  readonly gradientNorms: readonly number[];
  /** The reward margins of the same steps; empty if the training is not on preferences. */
  readonly margins: readonly number[];
  /** The number of steps between two losses. */
  readonly stride: number;
  readonly finalLoss?: number;
  /** What was measured during training, by training and metric as in `tuned loss`: the steps, and a value for each. */
  readonly validation: Readonly<Record<string, ValidationCurve>>;
  /** For its trainings; 0 if they were in the store. */
  readonly seconds: number;
  /** How many trainings it has had. */
  readonly trainings: number;
}

/** A metric of an experiment, over its rows and its repetitions. */
export interface ExperimentMetric {
  readonly mean: number;
  readonly standardError?: number;
  /** Over the repetitions, if there are several. */
  readonly deviation?: number;
  /** How many rows were measured, if the results say so. */
  readonly rows?: number;
  readonly repetitions: number;
  /** Equal if the same rows were measured. */
  readonly rowsKey?: string;
  /** Each row's contribution, one list for each repetition; if known. */
  readonly values?: readonly (readonly number[])[];
}

/** What members have in common that differ only in the seed; usually one member. */
export interface ExperimentView {
  readonly id: string;
  /** The axes in which its members do not differ. */
  readonly axes: Readonly<Record<string, AxisValue>>;
  readonly members: readonly string[];
  readonly method: string;
  readonly parameters: number;
  readonly metrics: Readonly<Record<string, ExperimentMetric>>;
}

/** The value of a trained model's metric for the untrained model. */
export interface UntrainedView extends ExperimentMetric {
  /** The evaluation. */
  readonly name: string;
}

/** A row that was measured. */
interface RowView {
  readonly prompt: string;
  readonly completion: string;
  /** What an answer may be besides the completion. */
  readonly taught?: string;
}

/** A model's answers to rows, in their order. */
export interface AnswersView {
  /** The member, or the evaluation of the untrained model. */
  readonly name: string;
  readonly isBase: boolean;
  /** `null` if a row has no text. */
  readonly texts: readonly (string | null)[];
  /** Each row's contribution to metrics, by their names without the stage's. */
  readonly values: Readonly<Record<string, readonly number[]>>;
}

/** The rows of an evaluation with members' answers. */
export interface RowsView {
  /** The evaluation. */
  readonly stage: string;
  readonly rows: readonly RowView[];
  /** How many rows there are; if there are very many, not all are shown. */
  readonly total: number;
  readonly answers: readonly AnswersView[];
  /** How many members' answers are not shown. */
  readonly omitted: number;
}

/** The state of a run. */
export type RunState =
  | { readonly kind: "done" }
  | { readonly kind: "waiting" }
  | { readonly kind: "running"; readonly now: string }
  | { readonly kind: "silent"; readonly now: string; readonly since: string }
  | { readonly kind: "stopped" | "failed"; readonly now: string; readonly message: string };

/** A number in a table beside the paper's, in percent. */
export interface PaperCell {
  /** Whether there is a number; if not, nothing else is set. */
  readonly isRun: boolean;
  readonly value?: number;
  /** Over seeds. */
  readonly deviation?: number;
  /** From the paper's number for the same method and model. */
  readonly difference?: number;
  /** The number of seeds. */
  readonly runs?: number;
  /** The number of tasks that an average is over. */
  readonly tasks?: number;
  /** Paths within the run folder. */
  readonly predictions?: readonly string[];
}

/** A method's numbers, ours or the paper's. */
export interface PaperRow {
  readonly who: "ours" | "paper";
  readonly name: string;
  readonly method?: string;
  /** The number of trained parameters, without a head's. */
  readonly parameters?: number;
  readonly headParameters?: number;
  /** The same in percent of the base model. */
  readonly share?: number;
  /** How many times more LoRA trains. */
  readonly ratio?: number;
  /** One for each task. */
  readonly cells: readonly PaperCell[];
  readonly average?: PaperCell;
}

/** A suite's numbers beside the paper's. */
export interface PaperTable {
  readonly suite: string;
  readonly scoring: string;
  readonly base: string;
  readonly tasks: readonly string[];
  /** The tasks that are averaged. */
  readonly averaged: readonly string[];
  readonly rows: readonly PaperRow[];
  /** One sentence each. */
  readonly notes: readonly string[];
}

/** Everything that the page draws. */
export interface ReportView {
  readonly pipeline: string;
  readonly made: string;
  readonly machine: readonly string[];
  readonly axes: readonly AxisView[];
  /** Those of trained models first. */
  readonly metrics: readonly string[];
  /** The metrics for which less is better. */
  readonly lowerIsBetter: readonly string[];
  /** The units of the metrics that have one. */
  readonly units: Readonly<Record<string, string>>;
  /** For metrics of trained models, the same metric of the untrained model on the same rows. */
  readonly untrained: Readonly<Record<string, UntrainedView>>;
  /** The metrics of the untrained model. */
  readonly untrainedMetrics: readonly string[];
  readonly members: readonly MemberView[];
  readonly experiments: readonly ExperimentView[];
  /** For published tasks, if the run has any. */
  readonly papers: readonly PaperTable[];
  readonly time: readonly { readonly name: string; readonly seconds: number; readonly expected?: number }[];
  /** What the cache saved, one sentence each. */
  readonly saved: readonly string[];
  readonly rows: readonly RowsView[];
  /** The recorded activations: the rows of each stage. */
  readonly activations: readonly { readonly name: string; readonly rows: number; readonly tensors: string }[];
  /** The pipeline file's text, if the run has one. */
  readonly source: string;
  readonly manifest: string;
  /** Whether the page is served and follows the run. */
  readonly isLive: boolean;
  readonly state: RunState;
}
