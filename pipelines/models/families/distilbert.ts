/** DistilBERT (Sanh et al. 2019): BERT's blocks with other names and without token types. @module */
import * as o from "../../../ops/operators.ts";
import type { Architecture } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { readExtents } from "../architecture/fields.ts";
import { selfAttention, separate } from "../layers/attention.ts";
import { postNormed } from "../layers/block.ts";
import { plainMlp, readActivation } from "../layers/mlp.ts";
import { layerNorm } from "../layers/norm.ts";
import { denseClassifier, embedPositions, embedTokens, maskedHead } from "../layers/outer.ts";
import { transformer } from "../layers/transformer.ts";

/** The architecture that a config describes. */
export function distilBert(config: ConfigReader): Architecture {
  const extents = readExtents(config, {
    width: "dim",
    blocks: "n_layers",
    heads: "n_heads",
    keyValueHeads: undefined,
  });
  const { width, vocabularySize, contextLength, heads } = extents;
  const dropout = config.share("dropout", 0.1);
  const norm = layerNorm(1e-12), form = { bias: true };
  const activation = readActivation(config, "activation", "gelu");
  const block = postNormed({
    attention: selfAttention({
      heads,
      project: separate(["attention.q_lin", "attention.k_lin", "attention.v_lin"], form),
      output: { name: "attention.out_lin", ...form },
    }),
    mlp: plainMlp({ up: "ffn.lin1", down: "ffn.lin2", hidden: config.count("hidden_dim"), activation, form }),
    afterAttention: ["sa_layer_norm", norm],
    afterMlp: ["output_layer_norm", norm],
  });
  const embeddings = "distilbert.embeddings";
  const table = { name: `${embeddings}.word_embeddings.weight`, vocabularySize, width };
  return transformer(config, {
    family: "distilbert",
    ...extents,
    causal: false,
    inputs: { masks: { full: null }, positions: { offset: 0 } },
    dropout: {
      "embedding": dropout,
      "attention.weights": config.share("attention_dropout", 0.1),
      "mlp.output": dropout,
      "classifier.hidden": config.share("seq_classif_dropout", 0.2),
    },
    barePrefix: "distilbert.",
    blockName: (index) => `distilbert.transformer.layer.${index}`,
    embed(scope) {
      const placed = embedPositions(scope, `${embeddings}.position_embeddings.weight`, contextLength, width);
      return norm(scope.at(`${embeddings}.LayerNorm`), o.add(embedTokens(scope, table), placed));
    },
    block: () => block,
    head: maskedHead({ dense: "vocab_transform", activation, norm: ["vocab_layer_norm", norm] }, {
      table,
      weight: "vocab_projector.weight",
      tied: config.flag("tie_word_embeddings", true),
      bias: "vocab_projector.bias",
    }),
    classifier: denseClassifier({ dense: "pre_classifier", activation: o.relu }, "classifier"),
  });
}
