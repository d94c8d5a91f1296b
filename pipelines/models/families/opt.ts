/**
 * OPT (Zhang et al. 2022): learned positions, norms before or after attention and MLP, embeddings of a separate width.
 *
 * @module
 */
import { linear } from "../../../ops/nn/linear.ts";
import * as o from "../../../ops/operators.ts";
import type { Architecture } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { readExtents } from "../architecture/fields.ts";
import { selfAttention, separate } from "../layers/attention.ts";
import { postNormed, sequential } from "../layers/block.ts";
import { plainMlp, readActivation } from "../layers/mlp.ts";
import { layerNorm } from "../layers/norm.ts";
import { embedPositions } from "../layers/outer.ts";
import { decoder } from "../layers/decoder.ts";

/** The position table begins with two unused rows. */
const offset = 2;

/** The architecture that a config describes. */
export function opt(config: ConfigReader): Architecture {
  const extents = readExtents(config, { keyValueHeads: undefined });
  const { width, contextLength, heads } = extents;
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
  const projects = embeddingWidth !== width;

  return decoder(config, {
    names: {
      base: "model.decoder.",
      embedding: "embed_tokens",
      blocks: "layers",
      norm: "final_layer_norm",
      head: "lm_head",
    },
    barePrefix: "model.",
    extents,
    inputs: { masks: { full: null }, positions: { offset } },
    block,
    norm,
    tied: true,
    embeddingWidth,
    embed(scope, tokens) {
      const wide = projects
        ? linear(tokens, scope.weight("model.decoder.project_in.weight", [width, embeddingWidth]))
        : tokens;
      const positions = embedPositions(scope, "model.decoder.embed_positions.weight", contextLength + offset, width);
      return o.add(wide, positions);
    },
    finish(scope, hidden) {
      const normal = normsLast ? norm(scope.at("model.decoder.final_layer_norm"), hidden) : hidden;
      return projects
        ? linear(normal, scope.weight("model.decoder.project_out.weight", [embeddingWidth, width]))
        : normal;
    },
  });
}
