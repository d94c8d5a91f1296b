/** What the kinds of tokenizers of GGUF files have in common. @module */
import type { JsonObject } from "../../common/files.ts";
import type { SpecialToken } from "./vocabulary.ts";

/** What depends on the kind of tokenizer. */
export interface TokenizerParts {
  /** tokenizer.json without its post-processor. */
  readonly json: JsonObject;
  /** Whether prompts begin with the beginning-of-sequence token where the file does not say. */
  readonly addsBos: boolean;
  /** Whether they end with the end-of-sequence token where the file does not say. */
  readonly addsEos: boolean;
  /** What prompts begin with, if that is not the beginning-of-sequence token. */
  readonly first?: SpecialToken | undefined;
  /** What they end with, if that is not the end-of-sequence token. */
  readonly last?: SpecialToken | undefined;
}
