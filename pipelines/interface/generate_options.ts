/** The options of a generation, and their validation. @module */
import type { Provider } from "../../ops/onnx/model.ts";
import { type Check, flag, isRecord, leaf, optional, record, text } from "../common/checks.ts";
import type { DecodingSpec } from "../spec/mod.ts";
import { abortSignal, placeChecks } from "./run_options.ts";

/** The options of a generation. Paths are resolved from the folder of the process. */
export interface GenerateOptions {
  /** How the answer is generated; `greedy({ maxNewTokens: 128 })` if omitted. */
  readonly decoding?: DecodingSpec;
  /** Continues a text as it is, even if the model has a chat template. */
  readonly plain?: boolean;
  /** The system message before a text. */
  readonly system?: string;
  /** Replaces the model's chat template: the name of another one that it has, a file, or Jinja text. */
  readonly chatTemplate?: string;
  /** Fields that edits may read besides the prompt. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** The training of a member, if it has several. */
  readonly training?: string;
  /** Receives notes for the user; written to stderr if omitted. */
  readonly onNote?: (message: string) => void;
  /** The folder of the store; `.refract/store` if omitted. */
  readonly store?: string;
  /** The folder that the model's relative paths are resolved from; that of the process if omitted. */
  readonly base?: string;
  /** Threads for the operators; all if omitted. */
  readonly threads?: number;
  /** Where programs run; `"cpu"` if omitted. */
  readonly provider?: Provider;
  /** Stops the generation when it is aborted; `generate` then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

const fields: { readonly [K in keyof GenerateOptions]-?: Check } = {
  ...placeChecks,
  decoding: optional(
    leaf("a decoding that generates text, as in greedy(…), sample(…), beam(…) or beamSample(…)", writes),
  ),
  plain: optional(flag),
  system: optional(text),
  chatTemplate: optional(text),
  fields: optional(leaf('fields by name, as in { question: "…" }', isRecord)),
  training: optional(text),
  onNote: optional(leaf("a function", (value) => typeof value === "function")),
  signal: optional(abortSignal),
};

function writes(value: unknown): boolean {
  return typeof value === "object" && value !== null && "kind" in value &&
    ["greedy", "sample", "beam", "beamSample"].includes(String(value.kind));
}

/**
 * Requires that options are valid for {@linkcode generate}.
 *
 * @throws {RequestError} If one is unknown, or has an invalid value.
 */
export function requireGenerateOptions(options: GenerateOptions): void {
  record("the options of an answer", fields)(options, "generate");
}
