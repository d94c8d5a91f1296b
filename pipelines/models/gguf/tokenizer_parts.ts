/** The parts of a tokenizer from a GGUF file, of any kind. @module */
import type { JsonObject } from "../../common/files.ts";
import type { SpecialToken } from "./vocabulary.ts";

/** The parts that depend on the kind of tokenizer. */
export interface TokenizerParts {
  /** tokenizer.json without its post-processor. */
  readonly json: JsonObject;
  /** Whether prompts begin with the beginning-of-sequence token if the file does not say. */
  readonly addsBos: boolean;
  /** Whether they end with the end-of-sequence token if the file does not say. */
  readonly addsEos: boolean;
  /** The token that prompts begin with, if not the beginning-of-sequence token. */
  readonly first?: SpecialToken | undefined;
  /** The token that they end with, if not the end-of-sequence token. */
  readonly last?: SpecialToken | undefined;
}
