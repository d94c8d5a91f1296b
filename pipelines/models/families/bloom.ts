/** BLOOM (Le Scao et al. 2022): ALiBi, projections fused head by head, a norm of the embeddings. @module */
import * as o from "../../../ops/operators.ts";
import type { Architecture } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { readExtents } from "../architecture/fields.ts";
import { alibiSlopes } from "../layers/alibi.ts";
import { fusedByHead, selfAttention } from "../layers/attention.ts";
import { type BlockParts, type NamedNorm, normalizedResiduals, sequential } from "../layers/block.ts";
import { plainMlp } from "../layers/mlp.ts";
import { layerNorm } from "../layers/norm.ts";
import { decoder, gptNames } from "../layers/decoder.ts";

/** The architecture that a config describes. */
export function bloom(config: ConfigReader): Architecture {
  // Configs use BLOOM's own names for extents or the common ones.
  const either = (own: string, common: string) => (config.raw(own) === undefined ? common : own);
  const extents = readExtents(config, {
    width: either("n_embed", "hidden_size"),
    blocks: either("n_layer", "num_hidden_layers"),
    heads: either("n_head", "num_attention_heads"),
    keyValueHeads: undefined,
    contextLength: "seq_length",
  });
  const { width, heads } = extents, form = { bias: true };
  const norm = layerNorm(config.number("layer_norm_epsilon", 1e-5));
  const named = (name: string): NamedNorm => [name, norm];
  const parts = {
    attention: selfAttention({
      heads,
      project: fusedByHead("self_attention.query_key_value", form),
      alibi: { slopes: alibiSlopes(heads.heads), scale: 1 },
      output: { name: "self_attention.dense", ...form },
    }),
    mlp: plainMlp({
      up: "mlp.dense_h_to_4h",
      down: "mlp.dense_4h_to_h",
      hidden: 4 * width,
      activation: o.geluTanh,
      form,
    }),
    beforeAttention: named("input_layernorm"),
    beforeMlp: named("post_attention_layernorm"),
  } satisfies BlockParts;
  const isNormalized = config.flag("apply_residual_connection_post_layernorm", false);
  const block = isNormalized ? normalizedResiduals(parts) : sequential(parts);
  return decoder(config, {
    names: { ...gptNames, embedding: "word_embeddings" },
    extents,
    inputs: { masks: { full: null }, keyPositions: true },
    block,
    norm,
    tied: true,
    embed: (scope, tokens) => norm(scope.at("transformer.word_embeddings_layernorm"), tokens),
  });
}
