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

/** A member as the page shows it. */
export interface MemberView {
  readonly id: string;
  /** Equal for members that repeat one experiment. */
  readonly repeated: string;
  readonly axes: Readonly<Record<string, AxisValue>>;
  /** What distinguishes kinds of edits and adapters, as far as an axis names them. */
  readonly method: string;
  readonly parameters: number;
  /** By stage and metric, as in `tuned exactMatch`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Of the metrics that have one. */
  readonly standardErrors: Readonly<Record<string, number>>;
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
}

/** An experiment that several members repeat. */
interface RepeatView {
  readonly id: string;
  /** How many members repeat it. */
  readonly count: number;
  readonly metrics: Readonly<Record<string, { readonly mean: number; readonly deviation: number }>>;
}

/** A row with the answers of several stages. */
export interface SampleView {
  readonly prompt: string;
  readonly completion: string;
  /** What an answer may be besides the completion. */
  readonly taught?: string;
  readonly answers: readonly { readonly stage: string; readonly text: string }[];
}

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
  /** For metrics of trained models what the same gives of the model as it was. */
  readonly untrained: Readonly<Record<string, { readonly name: string; readonly value: number }>>;
  readonly members: readonly MemberView[];
  readonly repeats: readonly RepeatView[];
  /** Of published tasks, if the run has some. */
  readonly papers: readonly PaperTable[];
  readonly time: readonly { readonly name: string; readonly seconds: number; readonly expected?: number }[];
  /** What the cache saved, a sentence each. */
  readonly saved: readonly string[];
  readonly samples: readonly SampleView[];
  readonly samplesOf: string;
  readonly manifest: string;
  /** Whether the page is served and follows the run. */
  readonly isLive: boolean;
  readonly isRunning: boolean;
  /** What a run that has not ended is at. */
  readonly now?: string;
}
