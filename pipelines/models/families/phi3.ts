/** Phi 3 and 3.5 (Abdin et al. 2024), and Phi 4: Llama's block with fused projections. @module */
import type { Architecture } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { readExtents, readRope, readWindows } from "../architecture/fields.ts";
import { fused, selfAttention } from "../layers/attention.ts";
import { sequential } from "../layers/block.ts";
import { fusedGatedMlp, readActivation } from "../layers/mlp.ts";
import { rmsNorm } from "../layers/norm.ts";
import { isJsonObject } from "../../common/files.ts";
import { decoder, llamaNames } from "../layers/decoder.ts";

/** The architecture that a config describes. With LongRoPE its context ends where the long factors would begin. */
export function phi3(config: ConfigReader): Architecture {
  const extents = readExtents(config);
  const { heads, blocks } = extents;
  const norm = rmsNorm(config.number("rms_norm_eps", 1e-5)), windows = readWindows(config, blocks, () => true);
  const block = sequential({
    attention: selfAttention({
      heads,
      project: fused("self_attn.qkv_proj", {}),
      angles: () => "rotary",
      mask: windows.mask,
      output: { name: "self_attn.o_proj" },
    }),
    mlp: fusedGatedMlp({
      up: "mlp.gate_up_proj",
      down: "mlp.down_proj",
      hidden: config.count("intermediate_size"),
      activation: readActivation(config, "hidden_act", "silu"),
      form: {},
    }),
    beforeAttention: ["input_layernorm", norm],
    beforeMlp: ["post_attention_layernorm", norm],
  });
  const scaling = config.raw("rope_scaling"), isLong = isJsonObject(scaling) && "short_factor" in scaling;

  return decoder(config, {
    names: llamaNames,
    extents: isLong ? { ...extents, contextLength: config.count("original_max_position_embeddings", 4096) } : extents,
    inputs: { rotaryAngles: { rotary: readRope(config, extents) }, masks: windows.masks },
    block,
    norm,
    tied: false,
  });
}
