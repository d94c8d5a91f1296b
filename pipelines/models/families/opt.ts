/** OPT (Zhang et al. 2022): learned positions, norms before or behind attention and MLP, embeddings of a width of their own. @module */
import { linear } from "../../../ops/nn/linear.ts";
import * as o from "../../../ops/operators.ts";
import type { Architecture } from "../architecture.ts";
import type { ConfigReader } from "../config.ts";
import { readExtents } from "../fields.ts";
import { selfAttention, separate } from "../layers/attention.ts";
import { postNormed, sequential } from "../layers/block.ts";
import { plainMlp, readActivation } from "../layers/mlp.ts";
import { layerNorm } from "../layers/norm.ts";
import { embedPositions, embedTokens, languageHead, scoreHead } from "../layers/outer.ts";
import { transformer } from "../transformer.ts";

/** The table of positions begins with two rows that stand for none. */
const offset = 2;

/** The architecture that a config describes. */
export function opt(config: ConfigReader): Architecture {
  const extents = readExtents(config, { keyValueHeads: undefined });
  const { width, vocabularySize, contextLength, heads } = extents;
  const embeddingWidth = config.count("word_embed_proj_dim", width);
  const learned = config.flag("layer_norm_elementwise_affine", true), bias = config.flag("enable_bias", true);
  const norm = layerNorm(1e-5, { weight: learned, bias: learned });
  const normsFirst = config.flag("do_layer_norm_before", true);
  const normsLast = normsFirst && !config.flag("_remove_final_layer_norm", false);
  const parts = {
    attention: selfAttention({
      heads,
      project: separate(["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"], { bias }),
      output: { name: "self_attn.out_proj", bias },
    }),
    mlp: plainMlp({
      up: "fc1",
      down: "fc2",
      hidden: config.count("ffn_dim"),
      activation: readActivation(config, "activation_function", "relu"),
      form: { bias },
    }),
  };
  const block = normsFirst
    ? sequential({
      ...parts,
      beforeAttention: ["self_attn_layer_norm", norm],
      beforeMlp: ["final_layer_norm", norm],
    })
    : postNormed({
      ...parts,
      afterAttention: ["self_attn_layer_norm", norm],
      afterMlp: ["final_layer_norm", norm],
    });
  const table = { name: "model.decoder.embed_tokens.weight", vocabularySize, width: embeddingWidth };
  const projects = embeddingWidth !== width;
  return transformer({
    family: "opt",
    ...extents,
    places: { causal: true, angles: {}, masks: { full: null }, positions: { offset } },
    barePrefix: "model.",
    blockName: (index) => `model.decoder.layers.${index}`,
    embed(scope) {
      const tokens = embedTokens(scope, table);
      const wide = projects
        ? linear(tokens, scope.weight("model.decoder.project_in.weight", [width, embeddingWidth]))
        : tokens;
      const positions = embedPositions(scope, "model.decoder.embed_positions.weight", contextLength + offset, width);
      return o.add(wide, positions);
    },
    block: () => block,
    finish(scope, hidden) {
      const normal = normsLast ? norm(scope.at("model.decoder.final_layer_norm"), hidden) : hidden;
      return projects
        ? linear(normal, scope.weight("model.decoder.project_out.weight", [embeddingWidth, width]))
        : normal;
    },
    head: languageHead({ table, weight: "lm_head.weight", tied: config.flag("tie_word_embeddings", true) }),
    classifier: scoreHead(),
  });
}
