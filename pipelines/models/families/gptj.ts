/** GPT-J (Wang & Komatsuzaki 2021): parallel attention and MLP after one norm, interleaved rotary pairs. @module */
import type { Architecture } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { plainRope, readExtents } from "../architecture/fields.ts";
import { selfAttention, separate } from "../layers/attention.ts";
import { parallel } from "../layers/block.ts";
import { plainMlp, readActivation } from "../layers/mlp.ts";
import { layerNorm } from "../layers/norm.ts";
import { decoder, gptNames } from "../layers/decoder.ts";

/** The architecture that a config describes. */
export function gptJ(config: ConfigReader): Architecture {
  const extents = readExtents(config, {
    width: "n_embd",
    blocks: "n_layer",
    heads: "n_head",
    keyValueHeads: undefined,
    contextLength: "n_positions",
  });
  const { width, heads } = extents;
  const norm = layerNorm(config.number("layer_norm_epsilon", 1e-5));
  const turned = config.count("rotary_dim", heads.headWidth);
  if (turned > heads.headWidth) {
    throw config.error(`rotary_dim ${turned} is more than a head's ${heads.headWidth}; correct the config`);
  }
  const block = parallel({
    attention: selfAttention({
      heads,
      project: separate(["attn.q_proj", "attn.k_proj", "attn.v_proj"], {}),
      angles: () => "rotary",
      interleaved: true,
      output: { name: "attn.out_proj" },
    }),
    mlp: plainMlp({
      up: "mlp.fc_in",
      down: "mlp.fc_out",
      hidden: config.count("n_inner", 4 * width),
      activation: readActivation(config, "activation_function", "gelu_new"),
      form: { bias: true },
    }),
    beforeAttention: ["ln_1", norm],
    beforeMlp: ["ln_1", norm],
  });
  return decoder(config, {
    names: gptNames,
    extents,
    inputs: {
      rotaryAngles: { rotary: plainRope(config, turned, 10000) },
      masks: { full: null },
    },
    block,
    norm,
    tied: false,
    head: { hasBias: true },
  });
}
