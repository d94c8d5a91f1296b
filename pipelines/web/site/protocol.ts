/** The requests of a page to the worker that trains for it, and the worker's responses. @module */
import type { PromptFields } from "../../data/usual_fields.ts";

/** The values of the page's fields. */
export interface Choices {
  /** `builtin:NAME`, a Hugging Face id, or the URL of a model folder. */
  readonly base: string;
  readonly provider: "cpu" | "webgpu";
  readonly layer: string;
  readonly rank: number;
  readonly positions: string;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  /** The maximum number of tokens in an answer. */
  readonly maxNewTokens: number;
  readonly rows: ChosenRows;
}

/** Rows with the templates of prompt and completion. */
export interface ChosenRows {
  /** A dropped file; typed rows, or the site's own, if omitted. */
  readonly file?: string;
  readonly records?: readonly Readonly<Record<string, unknown>>[];
  readonly prompt: string;
  readonly completion: string;
}

/** The initial settings of a site. */
export interface SiteDefaults {
  readonly name: string;
  readonly choices: Choices;
  /** What the pipeline trains; the page changes the parts that it has fields for. Only the worker reads it. */
  readonly trained: unknown;
  /** The bases that a page offers by name. */
  readonly bases: readonly { readonly name: string; readonly source: string }[];
  /** Where Hugging Face's models are requested, if elsewhere. */
  readonly endpoint?: string;
}

/** A token of a row, as the page shows it. */
interface ShownToken {
  readonly text: string;
  readonly isTaught: boolean;
  readonly isCut: boolean;
  readonly isEdited: boolean;
}

/** What the page shows of a run, and whether the GPU keeps it waiting. */
export type ShownEvent =
  | { readonly kind: "note"; readonly message: string }
  | {
    readonly kind: "work";
    readonly work: string;
    readonly subject: string | undefined;
    readonly done: number;
    readonly total: number;
    readonly unit: string;
  }
  | {
    readonly kind: "trainingStarted";
    readonly steps: number;
    readonly stepsDone: number;
    readonly losses: readonly number[];
  }
  | { readonly kind: "waiting"; readonly isWaiting: boolean }
  | {
    readonly kind: "step";
    readonly step: number;
    readonly steps: number;
    readonly seconds: number;
    readonly loss: number;
  };

/** The page's requests. */
export type Ask =
  | { readonly kind: "open"; readonly defaults: SiteDefaults }
  | { readonly kind: "file"; readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "rows"; readonly choices: Choices }
  | { readonly kind: "train"; readonly choices: Choices }
  | { readonly kind: "write"; readonly choices: Choices; readonly prompt: string; readonly tuned: boolean }
  | { readonly kind: "zip" }
  /** `base` is the model that a link names. */
  | { readonly kind: "unzip"; readonly bytes: Uint8Array<ArrayBuffer>; readonly base: string | undefined };

/** The response to each request. */
export interface Answers {
  readonly open: {
    readonly threads: number;
    readonly isKept: boolean;
    readonly hasWebGpu: boolean;
    /** What was trained during the previous visit. */
    readonly isTuned: boolean;
  };
  readonly file: {
    readonly file: string;
    /** Those that are probably the prompt and the completion; `undefined` if the file could not be read. */
    readonly fields: PromptFields | undefined;
    /** Why not. */
    readonly problem: string;
  };
  readonly rows: {
    readonly count: number;
    readonly first: readonly (readonly ShownToken[])[];
    readonly notes: readonly string[];
  };
  readonly train: { readonly seconds: number };
  readonly write: { readonly text: string };
  /** `base` is the model that the edit was trained for, as a page names it. */
  readonly zip: { readonly bytes: Uint8Array<ArrayBuffer>; readonly base: string };
  readonly unzip: { readonly base: string };
}

/** A numbered request, or a request to stop the current one; what a training has computed is kept. */
export type ToEngine = { readonly id: number; readonly ask: Ask } | { readonly stop: true };

/** The worker's messages. */
export type FromEngine =
  | { readonly listens: true }
  | { readonly id: number; readonly answer: Answers[keyof Answers] }
  | { readonly id: number; readonly problem: string; readonly isStopped: boolean; readonly isDevices: boolean }
  | { readonly event: ShownEvent };
