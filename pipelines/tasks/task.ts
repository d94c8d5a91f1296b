/** What a task of a published evaluation suite is: data that the commands and the DSL read. @module */
import type { CombinedName, MetricName } from "../metrics/declared.ts";
import type { Fields } from "../data/files/raw_row.ts";
import type { DecodingSpec } from "../spec/mod.ts";
import type { Asked } from "./asked.ts";
import type { ScoringSpec } from "./scoring/scoring.ts";

/** The published rules by which texts are judged. */
export type ScoringName = "pyreft" | "llm-adapters" | "lm-eval-strict" | "lm-eval-flexible";

/** A task's rules by name; one that is missing was never published for it. */
export type Scorings = Readonly<Partial<Record<ScoringName, ScoringSpec>>>;

/** Which rows of what is read are a split's. */
export type Part =
  | { readonly kind: "all" }
  | { readonly kind: "first"; readonly count: number }
  | { readonly kind: "afterFirst"; readonly count: number }
  /** The rows whose numbers in a field are from one to another, both included. */
  | { readonly kind: "numbered"; readonly field: string; readonly from: number; readonly to: number }
  /** A half that is drawn as data/halves has the rules. */
  | { readonly kind: "half"; readonly half: "test" | "validation" };

/** Where a split is. */
export interface Split {
  /** Names of its file without their endings, below a folder of data; the first that is there is read. */
  readonly names: readonly string[];
  /** What the hub calls it; no file of the hub has it where it is omitted. */
  readonly hub?: string;
  readonly part: Part;
}

/** A split's name. */
export type SplitName = "train" | "validation" | "test";

/** A task's splits; where it has no validation split, settings are chosen on another task. */
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

/** What rows have to be. */
export interface RowForm {
  /** The fields of a row of the suite's own files. */
  readonly reads: readonly string[];
  /**
   * A row of the official files in the suite's form; `undefined` if it is none.
   *
   * @throws {RequestError} If what is right is not among its options.
   */
  readonly official?: (row: Fields) => Fields | undefined;
  /** What the fields of official rows are called, for messages. */
  readonly officialFields?: string;
  /** The columns of an official table whose first line does not say them. */
  readonly columns?: readonly string[];
}

/** A method of which the paper has numbers. */
export type PaperMethod = "loreft" | "direft" | "lora";

/** What the paper reports, in percent, by method and model. */
export type Reported = Readonly<Partial<Record<PaperMethod, Readonly<Record<string, Measured>>>>>;

/** A mean, with its standard deviation over seeds where it is reported. */
export type Measured = number | readonly [mean: number, deviation: number];

/** What all tasks have. */
interface TaskData {
  readonly hub?: HubData;
  readonly splits: Splits;
  readonly form: RowForm;
  /** A row with further fields that its template reads. */
  readonly fields?: (row: Fields) => Fields;
  readonly reported?: Reported;
}

/** How lm-evaluation-harness asks for one of a row's choices. */
export interface Harness {
  /** The harness's question of an official row; `undefined` if it is none. */
  readonly ask: (row: Fields) => Asked | undefined;
  /** The fields of official rows, for messages. */
  readonly reads: string;
  /** Where the rows are: the harness's split of the hub, and files with official rows. */
  readonly split: Split;
  /** Whether choices follow one context, or each ends a context that the same text follows. */
  readonly choices: "answers" | "contexts";
}

/** A task that is answered by writing. */
export interface WritingTask extends TaskData {
  readonly kind: "writing";
  readonly prompt: string;
  /** What is taught. */
  readonly completion: string;
  /** What a row that is tested has in its place, where it lacks a part of that. */
  readonly expected?: string;
  /** The field with the answer that texts are judged by. */
  readonly label: string;
  /** How the paper has answers written. */
  readonly decoding: DecodingSpec;
  readonly scorings: Scorings;
  /** How the same rows are asked where a choice is scored and nothing is written. */
  readonly harness?: Harness;
}

/** A task that is answered by choosing alone. */
export interface ChoosingTask extends TaskData {
  readonly kind: "choosing";
  readonly harness: Harness;
}

/** Instructions, whose answers another model compares. */
export interface InstructionTask extends TaskData {
  readonly kind: "instruction";
  /** Of rows without input, and of those with one. */
  readonly prompt: { readonly bare: string; readonly withInput: string };
  readonly completion: string;
  /** What is taught in its place, and read meanwhile. */
  readonly taught?: { readonly completion: string; readonly reads: string };
  readonly decoding: DecodingSpec;
  /** The data set that AlpacaEval's output form names. */
  readonly dataset: string;
}

/** A task of GLUE, answered by a head. */
export interface HeadTask extends TaskData {
  readonly kind: "head";
  readonly text: string;
  readonly pair?: string;
  /** The classes' names in the order of their numbers, or that the head predicts a number. */
  readonly head: readonly string[] | "number";
  /** In GLUE's order. */
  readonly metrics: readonly [MetricName, ...MetricName[]];
  /** Those of which GLUE reports the mean too. */
  readonly combined?: readonly CombinedName[];
  /** What chooses the best epoch, and is reported. */
  readonly best: MetricName;
  /** A row as it is taught, where that is not as it is. */
  readonly taught?: (row: Fields) => Fields;
}

/** Solved problems that are put before each prompt. */
export interface Shots {
  /** Where they are. */
  readonly split: Split;
  readonly count: number;
  /** What follows each one's prompt. */
  readonly completion: string;
  /** What follows that. */
  readonly separator: string;
}

/** A task that is answered by programs, which are run. */
export interface CodeTask extends TaskData {
  readonly kind: "code";
  readonly prompt: string;
  /** The field that names a problem. */
  readonly id: string;
  /** How one program is written for each problem. */
  readonly decoding: Extract<DecodingSpec, { readonly kind: "greedy" }>;
  /** The rules by whose names programs are judged; they run the same one. */
  readonly scorings: readonly [string, ...string[]];
  /** The fields that the tests are made of. */
  readonly tests: Readonly<Record<string, "text" | "texts">>;
  /** What is wrong with a problem that has these fields, if something is. */
  readonly fault?: (problem: Fields) => string | undefined;
  /** The program that tests what a model wrote. */
  readonly program: (problem: Fields, generation: string) => string;
  /** The field with a solution that passes. */
  readonly solution: string;
  /** Solved problems that are put before each prompt, in their order. */
  readonly shots?: Shots;
}

/** A task of any kind. */
export type Task = WritingTask | ChoosingTask | InstructionTask | HeadTask | CodeTask;
