/**
 * GPT-NeoX and Pythia (Black et al. 2022): parallel attention and MLP, partly rotated heads, fused projections.
 *
 * @module
 */
import type { Architecture } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { readExtents, readRope } from "../architecture/fields.ts";
import { fusedByHead, selfAttention } from "../layers/attention.ts";
import { parallel, sequential } from "../layers/block.ts";
import { plainMlp, readActivation } from "../layers/mlp.ts";
import { layerNorm } from "../layers/norm.ts";
import { decoder } from "../layers/decoder.ts";

/** The architecture that a config describes. */
export function gptNeoX(config: ConfigReader): Architecture {
  const extents = readExtents(config, { keyValueHeads: undefined });
  const { heads } = extents;
  const norm = layerNorm(config.number("layer_norm_eps", 1e-5)), bias = config.flag("attention_bias", true);
  const join = config.flag("use_parallel_residual", true) ? parallel : sequential;
  const block = join({
    attention: selfAttention({
      heads,
      project: fusedByHead("attention.query_key_value", { bias }),
      angles: () => "rotary",
      output: { name: "attention.dense", bias },
    }),
    mlp: plainMlp({
      up: "mlp.dense_h_to_4h",
      down: "mlp.dense_4h_to_h",
      hidden: config.count("intermediate_size"),
      activation: readActivation(config, "hidden_act", "gelu"),
      form: { bias: true },
    }),
    beforeAttention: ["input_layernorm", norm],
    beforeMlp: ["post_attention_layernorm", norm],
  });
  const rope = { thetaField: "rotary_emb_base", part: config.number("rotary_pct", 0.25) };

  return decoder(config, {
    names: {
      base: "gpt_neox.",
      embedding: "embed_in",
      blocks: "layers",
      norm: "final_layer_norm",
      head: "embed_out",
    },
    extents,
    inputs: { rotaryAngles: { rotary: readRope(config, extents, rope) }, masks: { full: null } },
    block,
    norm,
    tied: false,
  });
}
