/** The definition of a task of a published evaluation suite: data that the commands and the DSL read. @module */
import type { CombinedName, MetricName } from "../metrics/declared.ts";
import type { Fields } from "../data/files/raw_row.ts";
import type { DecodingSpec } from "../spec/mod.ts";
import type { Asked } from "./asked.ts";
import type { ScoringSpec } from "./scoring/scoring.ts";

/** The published rules by which texts are scored. */
export type ScoringName = "pyreft" | "llm-adapters" | "lm-eval-strict" | "lm-eval-flexible";

/** A task's rules by name; a missing rule was never published for it. */
export type Scorings = Readonly<Partial<Record<ScoringName, ScoringSpec>>>;

/** Which of the rows that are read belong to a split. */
export type Part =
  | { readonly kind: "all" }
  | { readonly kind: "first"; readonly count: number }
  | { readonly kind: "afterFirst"; readonly count: number }
  /** The rows whose number in a field is in a range, both ends included. */
  | { readonly kind: "numbered"; readonly field: string; readonly from: number; readonly to: number }
  /** A half drawn as in pyreft; data/torch_halves.ts has the rule. */
  | { readonly kind: "half"; readonly half: "test" | "validation" };

/** Where a split is. */
export interface Split {
  /** Possible names of its file within a data folder, without extensions; the first that exists is read. */
  readonly names: readonly string[];
  /** Its name on the hub; omitted if the hub does not have it. */
  readonly hub?: string;
  readonly part: Part;
}

/** A split's name. */
export type SplitName = "train" | "validation" | "test";

/** A task's splits; without a validation split, settings are chosen on another task. */
interface Splits {
  readonly train?: Split;
  readonly validation?: Split;
  readonly test: Split;
}

/** A data set of the Hugging Face hub. */
export interface HubData {
  readonly id: string;
  readonly config?: string;
}

/** The format of rows. */
export interface RowForm {
  /** The fields of a row of the suite's own files. */
  readonly reads: readonly string[];
  /**
   * Converts a row of the official files to the suite's format; `undefined` if it is not one.
   *
   * @throws {RequestError} If the correct answer is not among its options.
   */
  readonly official?: (row: Fields) => Fields | undefined;
  /** The names of the fields of official rows, for messages. */
  readonly officialFields?: string;
  /** The columns of an official table without a header. */
  readonly columns?: readonly string[];
}

/** A method that the paper has results for. */
export type PaperMethod = "loreft" | "direft" | "lora";

/** The paper's results in percent, by method and model. */
export type Reported = Readonly<Partial<Record<PaperMethod, Readonly<Record<string, Measured>>>>>;

/** A mean, with its standard deviation over seeds if reported. */
export type Measured = number | readonly [mean: number, deviation: number];

/** The properties of all tasks. */
interface TaskData {
  readonly hub?: HubData;
  readonly splits: Splits;
  readonly form: RowForm;
  /** Adds fields to a row that its template reads. */
  readonly fields?: (row: Fields) => Fields;
  readonly reported?: Reported;
}

/** How lm-evaluation-harness asks a multiple-choice question. */
export interface Harness {
  /** The harness's question for an official row; `undefined` if it is not one. */
  readonly ask: (row: Fields) => Asked | undefined;
  /** The fields of official rows, for messages. */
  readonly reads: string;
  /** Where the rows are: the harness's split on the hub, and files with official rows. */
  readonly split: Split;
  /** Whether choices follow one context, or each ends a context that is followed by the same text. */
  readonly choices: "answers" | "contexts";
}

/** A task that is answered by generating text. */
export interface WritingTask extends TaskData {
  readonly kind: "writing";
  readonly prompt: string;
  /** The completion to train on. */
  readonly completion: string;
  /** The completion of a test row, if it lacks a part of that. */
  readonly expected?: string;
  /** The field with the answer that texts are compared with. */
  readonly label: string;
  /** The paper's decoding. */
  readonly decoding: DecodingSpec;
  readonly scorings: Scorings;
  /** The same rows as multiple-choice questions, with which nothing is generated. */
  readonly harness?: Harness;
}

/** A task that is only answered by choosing. */
export interface ChoosingTask extends TaskData {
  readonly kind: "choosing";
  readonly harness: Harness;
}

/** A task of instructions; another model compares the answers. */
export interface InstructionTask extends TaskData {
  readonly kind: "instruction";
  /** The prompts of rows without and with an input. */
  readonly prompt: { readonly bare: string; readonly withInput: string };
  readonly completion: string;
  /** What is taught in its place, and read meanwhile. */
  readonly taught?: { readonly completion: string; readonly reads: string };
  readonly decoding: DecodingSpec;
  /** The name of the data set in AlpacaEval's output format. */
  readonly dataset: string;
}

/** A GLUE task, answered by a head. */
export interface HeadTask extends TaskData {
  readonly kind: "head";
  readonly text: string;
  readonly pair?: string;
  /** The classes' names in the order of their ids, or `"number"` if the head predicts a number. */
  readonly head: readonly string[] | "number";
  /** The metrics, in GLUE's order. */
  readonly metrics: readonly [MetricName, ...MetricName[]];
  /** The metrics whose mean GLUE also reports. */
  readonly combined?: readonly CombinedName[];
  /** The metric that chooses the best epoch and is reported. */
  readonly best: MetricName;
  /** Changes a row for training, if necessary. */
  readonly taught?: (row: Fields) => Fields;
}

/** Solved problems that are put before each prompt. */
export interface Shots {
  /** The split that they come from. */
  readonly split: Split;
  readonly count: number;
  /** The completion of each one's prompt. */
  readonly completion: string;
  /** The text after each completion. */
  readonly separator: string;
}

/** A coding task, answered by programs that are run. */
export interface CodeTask extends TaskData {
  readonly kind: "code";
  readonly prompt: string;
  /** The field that names a problem. */
  readonly id: string;
  /** The decoding of one program for each problem. */
  readonly decoding: Extract<DecodingSpec, { readonly kind: "greedy" }>;
  /** The names of the rules by which programs are scored; they are all the same rule. */
  readonly scorings: readonly [string, ...string[]];
  /** The fields that the tests need. */
  readonly tests: Readonly<Record<string, "text" | "texts">>;
  /** What is wrong with a problem that has these fields, if anything. */
  readonly fault?: (problem: Fields) => string | undefined;
  /** The program that tests a generated one. */
  readonly program: (problem: Fields, generation: string) => string;
  /** The field with a solution that passes. */
  readonly solution: string;
  /** Solved problems that are put before each prompt, in order. */
  readonly shots?: Shots;
}

/** A task of any kind. */
export type Task = WritingTask | ChoosingTask | InstructionTask | HeadTask | CodeTask;
