/** What a task of the ReFT paper's evaluation suites is: data that the commands and the DSL read. @module */
import type { MetricName } from "../metrics/declared.ts";
import type { DecodingSpec } from "../spec/mod.ts";
import type { ScoringSpec } from "./scoring/scoring.ts";

/** A row's fields. */
export type Fields = Readonly<Record<string, unknown>>;

/** The published rules by which texts are judged. */
type ScoringName = "pyreft" | "llm-adapters" | "lm-eval-strict" | "lm-eval-flexible";

/** A task's rules by name; one that is missing was never published for it. */
export type Scorings = Readonly<Partial<Record<ScoringName, ScoringSpec>>>;

/** Which rows of what is read are a split's. */
type Part =
  | { readonly kind: "all" }
  | { readonly kind: "first"; readonly count: number }
  | { readonly kind: "afterFirst"; readonly count: number }
  /** The rows whose numbers in a field are from one to another, both included. */
  | { readonly kind: "numbered"; readonly field: string; readonly from: number; readonly to: number }
  /** A half that is drawn as pyreft draws it; data/torch_halves.ts has the rule. */
  | { readonly kind: "half"; readonly half: "test" | "validation" };

/** Where a split is. */
interface Split {
  /** Below the folder of the suite's files. */
  readonly file?: string;
  /** What the hub calls it. */
  readonly hub?: string;
  readonly part: Part;
}

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
  /** A row in the form of the suite's files, where the hub has another. */
  readonly fields?: (row: Fields) => Fields;
}

/** What the paper reports, in percent: by model, of LoReFT, and of DiReFT where it says so for the task alone. */
export interface Reported {
  readonly loreft?: Readonly<Record<string, Measured>>;
  readonly direft?: Readonly<Record<string, Measured>>;
}

/** A mean, with its standard deviation over seeds where it is reported. */
export type Measured = number | readonly [mean: number, deviation: number];

/** What all tasks have. */
interface TaskData {
  readonly hub?: HubData;
  readonly splits: Splits;
  /** A row with further fields that its template reads. */
  readonly fields?: (row: Fields) => Fields;
  readonly reported?: Reported;
}

/** A task that is answered by writing. */
export interface WritingTask extends TaskData {
  readonly kind: "writing";
  readonly prompt: string;
  /** What is taught. */
  readonly completion: string;
  /** The field with the answer that texts are judged by. */
  readonly label: string;
  /** How the paper has answers written. */
  readonly decoding: DecodingSpec;
  readonly scorings: Scorings;
}

/** Instructions, whose answers another model compares. */
export interface InstructionTask extends TaskData {
  readonly kind: "instruction";
  /** Of rows without input, and of those with one. */
  readonly prompt: { readonly bare: string; readonly withInput: string };
  readonly completion: string;
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
  /** In GLUE's order; where there are several, GLUE reports their mean too. */
  readonly metrics: readonly [MetricName, ...MetricName[]];
  /** What chooses the best epoch, and is reported. */
  readonly best: MetricName;
}

/** A task that is answered by programs, which are run. */
export interface CodeTask extends TaskData {
  readonly kind: "code";
  readonly prompt: string;
  /** The field that names a problem. */
  readonly id: string;
  readonly decoding: DecodingSpec;
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
}

/** A task of any kind. */
export type Task = WritingTask | InstructionTask | HeadTask | CodeTask;
