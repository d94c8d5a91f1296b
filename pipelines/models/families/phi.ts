/**
 * Phi 1, 1.5 and 2 (Gunasekar et al. 2023): parallel attention and MLP after one norm, partly rotated heads.
 *
 * @module
 */
import type { Architecture } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { readExtents, readRope } from "../architecture/fields.ts";
import { normalizedByHead, selfAttention, separate } from "../layers/attention.ts";
import { parallel } from "../layers/block.ts";
import { plainMlp, readActivation } from "../layers/mlp.ts";
import { layerNorm } from "../layers/norm.ts";
import { decoder, llamaNames } from "../layers/decoder.ts";
import { attentionNames } from "./llama.ts";

/** The architecture that a config describes. */
export function phi(config: ConfigReader): Architecture {
  const extents = readExtents(config);
  const { heads } = extents;
  const norm = layerNorm(config.number("layer_norm_eps", 1e-5)), form = { bias: true };
  const block = parallel({
    attention: selfAttention({
      heads,
      project: separate(attentionNames, form),
      ...(config.flag("qk_layernorm", false) ? { normalize: normalizedByHead("layernorm", norm) } : {}),
      angles: () => "rotary",
      output: { name: "self_attn.dense", bias: true },
    }),
    mlp: plainMlp({
      up: "mlp.fc1",
      down: "mlp.fc2",
      hidden: config.count("intermediate_size"),
      activation: readActivation(config, "hidden_act", "gelu_new"),
      form,
    }),
    beforeAttention: ["input_layernorm", norm],
    beforeMlp: ["input_layernorm", norm],
  });
  return decoder(config, {
    names: { ...llamaNames, norm: "final_layernorm" },
    extents,
    inputs: { rotaryAngles: { rotary: readRope(config, extents, { part: 0.5 }) }, masks: { full: null } },
    block,
    norm,
    tied: false,
    head: { hasBias: true },
  });
}
