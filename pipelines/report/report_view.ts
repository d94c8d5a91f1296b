/**
 * What the report shows: the types that the page in the browser reads. They import nothing, so that the page is checked
 * without Deno's types.
 *
 * @module
 */

/** A member's value of an axis. */
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

/** Where a member is. */
export type MemberState = "done" | "at work" | "waiting";

/** A member as the page shows it. */
export interface MemberView {
  readonly id: string;
  /** Equal for members that repeat one experiment. */
  readonly repeated: string;
  readonly axes: Readonly<Record<string, AxisValue>>;
  readonly state: MemberState;
  /** What distinguishes kinds of edits and adapters, as far as an axis names them. */
  readonly method: string;
  readonly parameters: number;
  /** The same as a share of the base model's; unknown of results of earlier versions. */
  readonly share?: number;
  /** By stage and metric, as in `tuned exactMatch`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Of the metrics that have one. */
  readonly standardErrors: Readonly<Record<string, number>>;
  /** What its stages set, by stage and path, as in `train tuned optimizer.learningRate`. */
  readonly settings: Readonly<Record<string, AxisValue>>;
  readonly losses: readonly number[];
  /** Of the same steps the norm of the gradients before they were clipped; none where they were not. */
  readonly gradientNorms: readonly number[];
  /** Of the same steps the margins of rewards; none where the training is not on preferences. */
  readonly margins: readonly number[];
  /** How many steps lie between two losses. */
  readonly stride: number;
  readonly finalLoss?: number;
  /** What was measured while it was trained, by training and metric as in `tuned loss`: steps, and a value each. */
  readonly validation: Readonly<Record<string, ValidationCurve>>;
  /** Of its trainings; 0 if they were in the store. */
  readonly seconds: number;
  /** How many trainings it has had. */
  readonly trainings: number;
}

/** A metric of an experiment, over its rows and its repetitions. */
export interface ExperimentMetric {
  readonly mean: number;
  readonly standardError?: number;
  /** Of the repetitions, where there are several. */
  readonly deviation?: number;
  /** How many rows were measured, where results say so. */
  readonly rows?: number;
  readonly repetitions: number;
  /** Equal where the same rows were measured. */
  readonly rowsKey?: string;
  /** What each row contributes, one list for each repetition; where that is known. */
  readonly values?: readonly (readonly number[])[];
}

/** What members have in common that differ in the seed alone; most often one member. */
export interface ExperimentView {
  readonly id: string;
  /** The axes in which its members do not differ. */
  readonly axes: Readonly<Record<string, AxisValue>>;
  readonly members: readonly string[];
  readonly method: string;
  readonly parameters: number;
  readonly metrics: Readonly<Record<string, ExperimentMetric>>;
}

/** What a metric of trained models gives of the model as it was. */
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

/** What a model answered to rows, in their order. */
export interface AnswersView {
  /** The member, or the evaluation of the model as it was. */
  readonly name: string;
  readonly isBase: boolean;
  /** Nothing where a row has no text. */
  readonly texts: readonly (string | null)[];
  /** What each row contributes to metrics, by their names without the stage's. */
  readonly values: Readonly<Record<string, readonly number[]>>;
}

/** The rows of an evaluation with what members answered. */
export interface RowsView {
  /** The evaluation. */
  readonly stage: string;
  readonly rows: readonly RowView[];
  /** How many rows there are; not all of very many are shown. */
  readonly total: number;
  readonly answers: readonly AnswersView[];
  /** How many members' answers are not shown. */
  readonly omitted: number;
}

/** How a run stands. */
export type RunState =
  | { readonly kind: "done" }
  | { readonly kind: "waiting" }
  | { readonly kind: "running"; readonly now: string }
  | { readonly kind: "silent"; readonly now: string; readonly since: string }
  | { readonly kind: "stopped" | "failed"; readonly now: string; readonly message: string };

/** A number of a table beside the paper's, in percent. */
export interface PaperCell {
  /** Whether there is a number; nothing else is here otherwise. */
  readonly isRun: boolean;
  readonly value?: number;
  /** Over seeds. */
  readonly deviation?: number;
  /** From the paper's number of the same method and model. */
  readonly difference?: number;
  /** How many seeds. */
  readonly runs?: number;
  /** How many tasks an average is of. */
  readonly tasks?: number;
  /** Paths within the run's folder. */
  readonly predictions?: readonly string[];
}

/** A method's numbers, ours or the paper's. */
export interface PaperRow {
  readonly who: "ours" | "paper";
  readonly name: string;
  readonly method?: string;
  /** What it trains, a head aside. */
  readonly parameters?: number;
  readonly headParameters?: number;
  /** The same in percent of the base model. */
  readonly share?: number;
  /** How many times more LoRA trains. */
  readonly ratio?: number;
  /** One a task. */
  readonly cells: readonly PaperCell[];
  readonly average?: PaperCell;
}

/** A suite's numbers beside the paper's. */
export interface PaperTable {
  readonly suite: string;
  readonly scoring: string;
  readonly base: string;
  readonly tasks: readonly string[];
  /** Those of them that the average is of. */
  readonly averaged: readonly string[];
  readonly rows: readonly PaperRow[];
  /** A sentence each. */
  readonly notes: readonly string[];
}

/** All that the page draws. */
export interface ReportView {
  readonly pipeline: string;
  readonly made: string;
  readonly machine: readonly string[];
  readonly axes: readonly AxisView[];
  /** Those of trained models first. */
  readonly metrics: readonly string[];
  /** Those of them of which less is better. */
  readonly lowerIsBetter: readonly string[];
  /** What metrics are counted in, of those that say so. */
  readonly units: Readonly<Record<string, string>>;
  /** For metrics of trained models what the same gives of the model as it was, on the same rows. */
  readonly untrained: Readonly<Record<string, UntrainedView>>;
  /** Those of the metrics that are of the model as it was. */
  readonly untrainedMetrics: readonly string[];
  readonly members: readonly MemberView[];
  readonly experiments: readonly ExperimentView[];
  /** Of published tasks, if the run has some. */
  readonly papers: readonly PaperTable[];
  readonly time: readonly { readonly name: string; readonly seconds: number; readonly expected?: number }[];
  /** What the cache saved, a sentence each. */
  readonly saved: readonly string[];
  readonly rows: readonly RowsView[];
  /** What was written down of a model: rows of each stage. */
  readonly activations: readonly { readonly name: string; readonly rows: number; readonly tensors: string }[];
  /** The pipeline file's text, where the run has one. */
  readonly source: string;
  readonly manifest: string;
  /** Whether the page is served and follows the run. */
  readonly isLive: boolean;
  readonly state: RunState;
}
