/** StarCoder 2 (Lozhkov et al. 2024): rotary positions and grouped heads with layer norms, biases and a plain MLP. @module */
import type { Architecture } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { readExtents, readRope, readWindows } from "../architecture/fields.ts";
import { selfAttention, separate } from "../layers/attention.ts";
import { sequential } from "../layers/block.ts";
import { plainMlp, readActivation } from "../layers/mlp.ts";
import { layerNorm } from "../layers/norm.ts";
import { decoder, llamaNames } from "../layers/decoder.ts";
import { attentionNames } from "./llama.ts";

/** The architecture that a config describes. */
export function starcoder2(config: ConfigReader): Architecture {
  const extents = readExtents(config);
  const { heads, blocks } = extents, form = { bias: config.flag("use_bias", true) };
  const norm = layerNorm(config.number("norm_epsilon", 1e-5)), windows = readWindows(config, blocks, () => true);
  const block = sequential({
    attention: selfAttention({
      heads,
      project: separate(attentionNames, form),
      angles: () => "rotary",
      mask: windows.mask,
      output: { name: "self_attn.o_proj", ...form },
    }),
    mlp: plainMlp({
      up: "mlp.c_fc",
      down: "mlp.c_proj",
      hidden: config.count("intermediate_size"),
      activation: readActivation(config, "hidden_act", "gelu_pytorch_tanh"),
      form,
    }),
    beforeAttention: ["input_layernorm", norm],
    beforeMlp: ["post_attention_layernorm", norm],
  });
  return decoder(config, {
    names: llamaNames,
    extents,
    inputs: { rotaryAngles: { rotary: readRope(config, extents) }, masks: windows.masks },
    block,
    norm,
    tied: true,
  });
}
