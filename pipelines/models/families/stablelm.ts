/**
 * StableLM (Bellagente et al. 2024): layer norms, partly rotated heads, attention and MLP in sequence or in parallel.
 *
 * @module
 */
import * as o from "../../../ops/operators.ts";
import type { Architecture } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { readExtents, readRope } from "../architecture/fields.ts";
import { normalizedByHead, selfAttention, separate } from "../layers/attention.ts";
import { parallel, sequential } from "../layers/block.ts";
import { gatedMlp, readActivation } from "../layers/mlp.ts";
import { layerNorm, type Norm, scaledNorm } from "../layers/norm.ts";
import { decoder, llamaNames } from "../layers/decoder.ts";
import { attentionNames, gatedNames } from "./llama.ts";

/** The architecture that a config describes. */
export function stableLm(config: ConfigReader): Architecture {
  const extents = readExtents(config);
  const { heads } = extents, epsilon = config.number("layer_norm_eps", 1e-5);
  const norm = layerNorm(epsilon), isParallel = config.flag("use_parallel_residual", false);
  const block = (isParallel ? parallel : sequential)({
    attention: selfAttention({
      heads,
      project: separate(attentionNames, { bias: config.flag("use_qkv_bias", false) }),
      ...(config.flag("qk_layernorm", false) ? { normalize: normalizedByHead("layernorm", headNorms(epsilon)) } : {}),
      angles: () => "rotary",
      output: { name: "self_attn.o_proj" },
    }),
    mlp: gatedMlp({
      ...gatedNames,
      hidden: config.count("intermediate_size"),
      activation: readActivation(config, "hidden_act", "silu"),
      form: {},
    }),
    beforeAttention: ["input_layernorm", norm],
    beforeMlp: [isParallel ? "input_layernorm" : "post_attention_layernorm", norm],
  });
  return decoder(config, {
    names: llamaNames,
    extents,
    inputs: { rotaryAngles: { rotary: readRope(config, extents, { part: 0.25 }) }, masks: { full: null } },
    block,
    norm,
    tied: false,
  });
}

/** A norm of [batch, tokens, heads, headWidth] whose weights are stored separately for each head. */
function headNorms(epsilon: number): Norm {
  return (scope, byHead) => {
    const [, , count, width] = byHead.shape as readonly [unknown, unknown, number, number];
    const each = Array.from(
      { length: count },
      (_, head) => o.reshape(scope.normWeight(`norms.${head}.weight`, [width]), [1, width]),
    );
    return scaledNorm(byHead, o.concat(each, 0), epsilon);
  };
}
