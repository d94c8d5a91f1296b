/**
 * OLMo (Groeneveld et al. 2024), whose norms have no weights, and OLMo 2, which has norms after attention and MLP.
 *
 * @module
 */
import type { Architecture } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { readExtents, readRope } from "../architecture/fields.ts";
import { selfAttention, separate } from "../layers/attention.ts";
import { sequential } from "../layers/block.ts";
import { gatedMlp, readActivation } from "../layers/mlp.ts";
import { layerNorm, rmsNorm } from "../layers/norm.ts";
import { decoder, llamaNames } from "../layers/decoder.ts";
import { attentionNames, gatedNames } from "./llama.ts";

function build(config: ConfigReader, isSecond: boolean): Architecture {
  const extents = readExtents(config);
  const { heads } = extents, bias = config.flag("attention_bias", false);
  const norm = isSecond
    ? rmsNorm(config.number("rms_norm_eps", 1e-5))
    : layerNorm(1e-5, { weight: false, bias: false });
  const limit = !isSecond && config.raw("clip_qkv") !== undefined ? config.number("clip_qkv") : undefined;
  const block = sequential({
    attention: selfAttention({
      heads,
      project: separate(attentionNames, { bias }, limit),
      ...(isSecond
        ? { normalize: (scope, x, part) => norm(scope.at(`self_attn.${part === "query" ? "q" : "k"}_norm`), x) }
        : {}),
      angles: () => "rotary",
      output: { name: "self_attn.o_proj", bias },
    }),
    mlp: gatedMlp({
      ...gatedNames,
      hidden: config.count("intermediate_size"),
      activation: readActivation(config, "hidden_act", "silu"),
      form: {},
    }),
    ...(isSecond
      ? { afterAttention: ["post_attention_layernorm", norm], afterMlp: ["post_feedforward_layernorm", norm] }
      : { beforeAttention: ["input_layernorm", norm], beforeMlp: ["post_attention_layernorm", norm] }),
  });
  return decoder(config, {
    names: llamaNames,
    extents,
    inputs: { rotaryAngles: { rotary: readRope(config, extents) }, masks: { full: null } },
    block,
    norm,
    tied: false,
  });
}

/** OLMo. */
export const olmo = (config: ConfigReader) => build(config, false);
/** OLMo 2. */
export const olmo2 = (config: ConfigReader) => build(config, true);
