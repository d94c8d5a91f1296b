/** What is found of rows as a model reads them, before anything runs. @module */
import type { SourceLocation } from "../../common/errors.ts";

/** A token of a row. */
export interface InspectedToken {
  readonly id: number;
  /** What it adds to the text before it. */
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
  /** What a head is to predict. */
  readonly label?: string;
  /** The answers that it may be given, and whether each is right. */
  readonly choices?: readonly { readonly text: string; readonly isRight: boolean }[];
}

/** Rows that are those of another data set, or that were there before. */
export interface Repeated {
  readonly rows: number;
  /** The first of them, and the row that it is. */
  readonly first?: { readonly place: SourceLocation; readonly as: SourceLocation };
}

/** A data set as some stages read it. */
export interface InspectedData {
  /** The stages that read it so, by their names, with what they do with it. */
  readonly stages: readonly string[];
  /** Whether they train on it. */
  readonly isTrained: boolean;
  /** The member that the edits are of. */
  readonly member: string;
  /** How many members read it so. */
  readonly members: number;
  /** The base model's name. */
  readonly model: string;
  readonly maxLength: number | undefined;
  readonly first: readonly InspectedRow[];
  readonly rows: number;
  /** How many rows have how many tokens, by rising length; what is cut is not counted. */
  readonly lengths: readonly (readonly [tokens: number, rows: number])[];
  readonly taughtTokens: number;
  /** What `maxLength` takes. */
  readonly cut: { readonly rows: number; readonly tokens: number };
  /** Rows with more tokens than the model reads, which a run refuses. */
  readonly tooLong: { readonly rows: number; readonly limit: number; readonly first?: SourceLocation };
  /** By the token that ends their completions how many rows it ends, and whether it is added to them. */
  readonly ends: readonly { readonly text: string; readonly rows: number; readonly isAppended: boolean }[];
  readonly duplicates: Repeated;
  /** How many rows have each label, the most frequent first; empty without a head. */
  readonly labels: readonly (readonly [label: string, rows: number])[];
  /** Rows with choices of which none is their completion. */
  readonly withoutRight: number;
}

/** Rows that a stage evaluates on and another trains on. */
export interface SharedRows extends Repeated {
  readonly evaluated: readonly string[];
  readonly trained: readonly string[];
  /** How many rows are evaluated. */
  readonly of: number;
}

/** What is found of a pipeline's data sets. */
export interface Inspection {
  readonly data: readonly InspectedData[];
  readonly shared: readonly SharedRows[];
}
