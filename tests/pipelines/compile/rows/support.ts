/** Architectures and rows for tests of row layouts. @module */
import { lowerAdaptations } from "../../../../pipelines/compile/lower/lower_adaptations.ts";
import type { TokenizedExample } from "../../../../pipelines/data/examples.ts";
import { ConfigReader } from "../../../../pipelines/models/architecture/config.ts";
import type { EditedModel } from "../../../../pipelines/models/architecture/architecture.ts";
import { architectureOf } from "../../../../pipelines/models/families/mod.ts";
import { checkedAdaptation } from "../../../../pipelines/schedule/validate/adaptation_checks.ts";
import { tinyConfig } from "../../../support/tiny_model.ts";
import { tinyT5Config } from "../../../support/tiny_t5.ts";

/** A decoder. */
export const tinyArchitecture = architectureOf(new ConfigReader("config.json", tinyConfig));

/** An encoder and a decoder. */
export const t5Architecture = architectureOf(new ConfigReader("config.json", tinyT5Config));

/** An encoder that reads texts or pairs of texts. */
export const bertArchitecture = architectureOf(
  new ConfigReader("config.json", {
    model_type: "bert",
    hidden_size: 16,
    intermediate_size: 32,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    max_position_embeddings: 64,
    vocab_size: 512,
  }),
);

/** An example with the given numbers of tokens, counted up from `first`, and in the completion from `first + 100`. */
export function exampleOf(prompt: number, completion: number, first = 10): TokenizedExample {
  const tokens = (from: number, count: number) => Array.from({ length: count }, (_, at) => from + at);
  return {
    prompt: tokens(first, prompt),
    completion: tokens(first + 100, completion),
    source: { text: "", spans: {}, fields: {} },
  };
}

/** Lowers declarations to adaptations. */
export function lowered(architecture: EditedModel, ...declared: readonly Readonly<Record<string, unknown>>[]) {
  const checked = declared.map((each) => checkedAdaptation("at" in each ? { tied: false, ...each } : each));
  return lowerAdaptations(checked, architecture);
}
