/** How a model is asked, and whether the options are sound. @module */
import type { Provider } from "../../ops/onnx/model.ts";
import { type Check, flag, leaf, optional, record, text } from "../common/checks.ts";
import type { DecodingSpec } from "../spec/mod.ts";
import { placeChecks } from "./run_options.ts";

/** How a model is asked. Paths start from the folder of the process. */
export interface GenerateOptions {
  /** How the answer is written; `greedy({ maxNewTokens: 128 })` if omitted. */
  readonly decoding?: DecodingSpec;
  /** Continues a text as it is, also where the model has a chat template. */
  readonly plain?: boolean;
  /** The system message before a text. */
  readonly system?: string;
  /** In place of the model's chat template: the name of another that it has, a file, or Jinja text. */
  readonly chatTemplate?: string;
  /** What edits may ask for besides the prompt. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Which training of a member is meant, where it has several. */
  readonly training?: string;
  /** Takes what a person should know; written to stderr if omitted. */
  readonly onNote?: (message: string) => void;
  /** The folder of the store, else `.refract/store`. */
  readonly store?: string;
  /** What relative paths of the model start from; the folder of the process if omitted. */
  readonly base?: string;
  /** Threads for the operators; all if omitted. */
  readonly threads?: number;
  /** Where programs run; `"cpu"` if omitted. */
  readonly provider?: Provider;
}

const fields: { readonly [K in keyof GenerateOptions]-?: Check } = {
  ...placeChecks,
  decoding: optional(leaf("a decoding that writes, as greedy(…), sample(…), beam(…) or beamSample(…)", writes)),
  plain: optional(flag),
  system: optional(text),
  chatTemplate: optional(text),
  fields: optional(leaf("fields by name", (value) => typeof value === "object" && value !== null)),
  training: optional(text),
  onNote: optional(leaf("a function", (value) => typeof value === "function")),
};

function writes(value: unknown): boolean {
  return typeof value === "object" && value !== null && "kind" in value &&
    ["greedy", "sample", "beam", "beamSample"].includes(String(value.kind));
}

/**
 * Requires that options are what {@linkcode generate} takes.
 *
 * @throws {RequestError} If one is unknown, or of a wrong value.
 */
export function requireGenerateOptions(options: GenerateOptions): void {
  record("the options of an answer", fields)(options, "generate");
}
