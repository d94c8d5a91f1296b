/** Falcon (Almazrouei et al. 2023): one or few key-value heads in a fused projection, rotary positions or ALiBi. @module */
import type { Architecture } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { readExtents, readRope } from "../architecture/fields.ts";
import { alibiSlopes } from "../layers/alibi.ts";
import { fusedByHead, selfAttention } from "../layers/attention.ts";
import { type NamedNorm, parallel, sequential } from "../layers/block.ts";
import { plainMlp, readActivation } from "../layers/mlp.ts";
import { layerNorm } from "../layers/norm.ts";
import { decoder, gptNames } from "../layers/decoder.ts";

/** The architecture that a config describes. */
export function falcon(config: ConfigReader): Architecture {
  const isNew = config.flag("new_decoder_architecture", false), alibi = config.flag("alibi", false);
  const isSingle = !isNew && config.flag("multi_query", true), isParallel = isNew || config.flag("parallel_attn", true);
  const plain = readExtents(config, { keyValueHeads: isSingle ? undefined : "num_kv_heads" });
  const extents = isSingle ? { ...plain, heads: { ...plain.heads, keyValueHeads: 1 } } : plain;
  const { width, heads } = extents, bias = config.flag("bias", false);
  const norm = layerNorm(config.number("layer_norm_epsilon", 1e-5));
  const hasTwo = isNew && config.count("num_ln_in_parallel_attn", 2) === 2;
  const [first, second]: [NamedNorm, NamedNorm] = hasTwo
    ? [["ln_attn", norm], ["ln_mlp", norm]]
    : [["input_layernorm", norm], [isParallel ? "input_layernorm" : "post_attention_layernorm", norm]];
  const block = (isParallel ? parallel : sequential)({
    attention: selfAttention({
      heads,
      project: fusedByHead("self_attention.query_key_value", { bias }),
      ...(alibi
        ? { alibi: { slopes: alibiSlopes(heads.heads), scale: heads.headWidth ** -0.5, isRounded: true } }
        : { angles: () => "rotary" }),
      output: { name: "self_attention.dense", bias },
    }),
    mlp: plainMlp({
      up: "mlp.dense_h_to_4h",
      down: "mlp.dense_4h_to_h",
      hidden: config.count("ffn_hidden_size", 4 * width),
      activation: readActivation(config, "activation", "gelu"),
      form: { bias },
    }),
    beforeAttention: first,
    beforeMlp: second,
  });
  return decoder(config, {
    names: { ...gptNames, embedding: "word_embeddings" },
    extents,
    inputs: {
      masks: { full: null },
      ...(alibi ? { keyPositions: true } : { rotaryAngles: { rotary: readRope(config, extents) } }),
    },
    block,
    norm,
    tied: true,
  });
}
