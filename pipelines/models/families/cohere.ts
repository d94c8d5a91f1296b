/**
 * Command R (Cohere 2024): parallel attention and MLP after one norm, interleaved rotary pairs, scaled logits.
 *
 * @module
 */
import type { Architecture } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { readExtents, readRope, readWindows } from "../architecture/fields.ts";
import { normalizedByHead, selfAttention, separate } from "../layers/attention.ts";
import { parallel } from "../layers/block.ts";
import { gatedMlp, readActivation } from "../layers/mlp.ts";
import { layerNorm, type Norm, scaledNorm } from "../layers/norm.ts";
import { decoder, llamaNames } from "../layers/decoder.ts";
import { attentionNames, gatedNames } from "./llama.ts";

/** @param slides Whether most blocks have a sliding window, and only these have positions. */
function build(config: ConfigReader, slides: boolean): Architecture {
  const extents = readExtents(config, {});
  const { blocks, heads } = extents, epsilon = config.number("layer_norm_eps", 1e-5);
  const norm = layerNorm(epsilon, { bias: false }), bias = config.flag("attention_bias", false);
  const headNorm: Norm = (scope, byHead) =>
    scaledNorm(byHead, scope.normWeight("weight", byHead.shape.slice(2)), epsilon);
  const pattern = config.count("sliding_window_pattern", 4);
  const windows = slides
    ? readWindows(config, blocks, (index) => (index + 1) % pattern !== 0)
    : { masks: { full: null }, mask: () => "full" };
  const block = parallel({
    attention: selfAttention({
      heads,
      project: separate(attentionNames, { bias }),
      ...(!slides && config.flag("use_qk_norm", false) ? { normalize: normalizedByHead("norm", headNorm) } : {}),
      angles: (index) => (slides && windows.mask(index) === "full" ? undefined : "rotary"),
      interleaved: true,
      mask: windows.mask,
      output: { name: "self_attn.o_proj", bias },
    }),
    mlp: gatedMlp({
      ...gatedNames,
      hidden: config.count("intermediate_size"),
      activation: readActivation(config, "hidden_act", "silu"),
      form: {},
    }),
    beforeAttention: ["input_layernorm", norm],
    beforeMlp: ["input_layernorm", norm],
  });
  return decoder(config, {
    names: llamaNames,
    extents,
    inputs: { rotaryAngles: { rotary: readRope(config, extents) }, masks: windows.masks },
    block,
    norm,
    tied: true,
    head: { scale: config.number("logit_scale", 0.0625) },
  });
}

/** Command R. */
export const cohere = (config: ConfigReader) => build(config, false);
/** Command R7B: most blocks have a sliding window, and the others have no positions. */
export const cohere2 = (config: ConfigReader) => build(config, true);
