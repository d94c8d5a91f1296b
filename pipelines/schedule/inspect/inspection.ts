/** What is found about rows as a model reads them, before anything runs. @module */
import type { SourceLocation } from "../../common/errors.ts";

/** A token of a row. */
export interface InspectedToken {
  readonly id: number;
  /** The text that it adds to the text before it. */
  readonly text: string;
  /** Of two answers, the chosen one is the completion; what is read in a completion's place comes after it. */
  readonly part: "prompt" | "completion" | "rejected" | "read";
  /** Whether `maxLength` cuts it off, so that the model does not read it. */
  readonly isCut: boolean;
  /** Whether a training predicts it, or an evaluation compares it. */
  readonly isTaught: boolean;
  /** How many of the model's edits act on it. */
  readonly edits: number;
}

/** One of the first rows. */
export interface InspectedRow {
  readonly place: SourceLocation;
  readonly tokens: readonly InspectedToken[];
  /** The label that a head is to predict. */
  readonly label?: string;
  /** The candidate answers, and whether each is right. */
  readonly choices?: readonly { readonly text: string; readonly isRight: boolean }[];
}

/** Rows that are also in another data set, or that repeat earlier ones. */
export interface Repeated {
  readonly rows: number;
  /** The first of them, and the row that it repeats. */
  readonly first?: { readonly place: SourceLocation; readonly as: SourceLocation };
}

/** A data set as some stages read it. */
export interface InspectedData {
  /** The names of the stages that read it this way, with what they do with it. */
  readonly stages: readonly string[];
  /** Whether they train on it. */
  readonly isTrained: boolean;
  /** The member whose edits are shown. */
  readonly member: string;
  /** How many members read it this way. */
  readonly members: number;
  /** The base model's name. */
  readonly model: string;
  readonly maxLength: number | undefined;
  readonly first: readonly InspectedRow[];
  readonly rows: number;
  /** How many rows have each number of tokens, by increasing length; tokens that are cut are not counted. */
  readonly lengths: readonly (readonly [tokens: number, rows: number])[];
  readonly taughtTokens: number;
  /** What `maxLength` removes. */
  readonly cut: { readonly rows: number; readonly tokens: number };
  /** Rows with more tokens than the model can read, which a run rejects. */
  readonly tooLong: { readonly rows: number; readonly limit: number; readonly first?: SourceLocation };
  /** For each token that ends completions, how many rows it ends, and whether it is appended to them. */
  readonly ends: readonly { readonly text: string; readonly rows: number; readonly isAppended: boolean }[];
  readonly duplicates: Repeated;
  /** How many rows have each label, the most frequent first; empty without a head. */
  readonly labels: readonly (readonly [label: string, rows: number])[];
  /** Rows whose choices do not include their completion. */
  readonly withoutRight: number;
}

/** Rows that one stage evaluates on and another trains on. */
export interface SharedRows extends Repeated {
  readonly evaluated: readonly string[];
  readonly trained: readonly string[];
  /** How many rows are evaluated. */
  readonly of: number;
}

/** What is found about a pipeline's data sets. */
export interface Inspection {
  readonly data: readonly InspectedData[];
  readonly shared: readonly SharedRows[];
}
