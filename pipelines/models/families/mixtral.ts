/** Mixtral (Jiang et al. 2024): Llama's attention, and for each token the best two of several MLPs. @module */
import * as o from "../../../ops/operators.ts";
import { linear } from "../../../ops/nn/linear.ts";
import type { Architecture } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { readExtents, readRope, readWindows } from "../architecture/fields.ts";
import { selfAttention, separate } from "../layers/attention.ts";
import { sequential } from "../layers/block.ts";
import { gatedMlp, type Mlp, readActivation } from "../layers/mlp.ts";
import { rmsNorm } from "../layers/norm.ts";
import { decoder, llamaNames } from "../layers/decoder.ts";
import { attentionNames } from "./llama.ts";

/** The architecture that a config describes. */
export function mixtral(config: ConfigReader): Architecture {
  const extents = readExtents(config);
  const { heads, blocks } = extents, norm = rmsNorm(config.number("rms_norm_eps", 1e-5));
  const windows = readWindows(config, blocks, () => true);
  const block = sequential({
    attention: selfAttention({
      heads,
      project: separate(attentionNames, {}),
      angles: () => "rotary",
      mask: windows.mask,
      output: { name: "self_attn.o_proj" },
    }),
    mlp: expertMlp(config),
    beforeAttention: ["input_layernorm", norm],
    beforeMlp: ["post_attention_layernorm", norm],
  });
  return decoder(config, {
    names: llamaNames,
    extents,
    inputs: { rotaryAngles: { rotary: readRope(config, extents, { theta: 1e6 }) }, masks: windows.masks },
    block,
    norm,
    tied: false,
  });
}

/** A config that claims more experts is wrong, and would be traced expert by expert. */
const mostExperts = 1024;

/**
 * The router's best experts, weighted by their renormalized probabilities. Every expert runs over every token, with
 * weight 0 if the router did not choose it, which is exact but costs as much as all experts.
 */
function expertMlp(config: ConfigReader): Mlp {
  const experts = config.count("num_local_experts", 8), active = config.count("num_experts_per_tok", 2);
  if (experts > mostExperts) {
    throw config.error(`num_local_experts ${experts} is more than the maximum of ${mostExperts}; correct the config`);
  }
  if (active > experts) {
    throw config.error(`num_experts_per_tok ${active} is more than the ${experts} experts; correct the config`);
  }
  const hidden = config.count("intermediate_size"), activation = readActivation(config, "hidden_act", "silu");
  const mlp = gatedMlp({ gate: "w1", up: "w3", down: "w2", hidden, activation, form: {}, isSite: false });
  return (scope, x) => {
    const width = x.shape[x.shape.length - 1] as number;
    const probabilities = o.softmax(linear(x, scope.weight("block_sparse_moe.gate.weight", [experts, width])));
    const kept = o.mul(probabilities, o.topMask(probabilities, active));
    const shares = o.div(kept, o.reduceSum(kept, [-1], true));
    const parts = Array.from(
      { length: experts },
      (_, expert) =>
        o.mul(mlp(scope.at(`block_sparse_moe.experts.${expert}`), x), o.slice(shares, -1, expert, expert + 1)),
    );
    return scope.edit("mlp.output", parts.reduce((sum, part) => o.add(sum, part)));
  };
}
