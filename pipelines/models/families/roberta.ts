/**
 * RoBERTa (Liu et al. 2019), XLM-RoBERTa and CamemBERT: BERT's body with other heads; positions start after the padding
 * id.
 *
 * @module
 */
import * as o from "../../../ops/operators.ts";
import type { Architecture } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { denseClassifier, maskedHead } from "../layers/outer.ts";
import { bertLike } from "./bert.ts";

/** The architecture that a config describes. */
export function roberta(config: ConfigReader): Architecture {
  return bertLike(config, {
    prefix: "roberta",
    offset: config.whole("pad_token_id", 1) + 1,
    head: ({ norm, table }) =>
      maskedHead({ dense: "lm_head.dense", activation: o.gelu, norm: ["lm_head.layer_norm", norm] }, {
        table,
        weight: "lm_head.decoder.weight",
        tied: config.flag("tie_word_embeddings", true),
        bias: "lm_head.bias",
      }),
    classifier: denseClassifier({ dense: "classifier.dense", activation: o.tanh }, "classifier.out_proj"),
    droppedHead: ["classifier.input", "classifier.hidden"],
  });
}
