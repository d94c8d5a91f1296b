/** StarCoder 2 (Lozhkov et al. 2024): rotary positions and grouped heads with layer norms, biases and a plain MLP. @module */
import type { Architecture } from "../architecture.ts";
import type { ConfigReader } from "../config.ts";
import { readExtents, readRope, readWindows } from "../fields.ts";
import { selfAttention, separate } from "../layers/attention.ts";
import { sequential } from "../layers/block.ts";
import { plainMlp, readActivation } from "../layers/mlp.ts";
import { layerNorm } from "../layers/norm.ts";
import { embedTokens, languageHead, scoreHead } from "../layers/outer.ts";
import { transformer } from "../transformer.ts";
import { attentionNames } from "./llama.ts";

/** The architecture that a config describes. */
export function starcoder2(config: ConfigReader): Architecture {
  const extents = readExtents(config);
  const { width, vocabularySize, heads, blocks } = extents, form = { bias: config.flag("use_bias", true) };
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
  const table = { name: "model.embed_tokens.weight", vocabularySize, width };
  return transformer({
    family: "starcoder2",
    ...extents,
    places: { causal: true, angles: { rotary: readRope(config, extents) }, masks: windows.masks },
    barePrefix: "model.",
    blockName: (index) => `model.layers.${index}`,
    embed: (scope) => embedTokens(scope, table),
    block: () => block,
    finish: (scope, hidden) => norm(scope.at("model.norm"), hidden),
    head: languageHead({ table, weight: "lm_head.weight", tied: config.flag("tie_word_embeddings", true) }),
    classifier: scoreHead(),
  });
}
