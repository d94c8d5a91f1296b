/** GPT-2 (Radford et al. 2019): learned positions, layer norms before attention and MLP, fused and transposed projections. @module */
import * as o from "../../../ops/operators.ts";
import type { Architecture } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { readExtents } from "../architecture/fields.ts";
import { fused, selfAttention } from "../layers/attention.ts";
import { sequential } from "../layers/block.ts";
import { plainMlp, readActivation } from "../layers/mlp.ts";
import { layerNorm } from "../layers/norm.ts";
import { embedPositions } from "../layers/outer.ts";
import { decoder, gptNames } from "../layers/decoder.ts";

/** The architecture that a config describes. */
export function gpt2(config: ConfigReader): Architecture {
  const extents = readExtents(config, {
    width: "n_embd",
    blocks: "n_layer",
    heads: "n_head",
    keyValueHeads: undefined,
    contextLength: "n_positions",
  });
  const { width, contextLength, heads } = extents;
  const norm = layerNorm(config.number("layer_norm_epsilon", 1e-5));
  const form = { bias: true, transposed: true };
  const scale = config.flag("scale_attn_weights", true) ? 1 / Math.sqrt(heads.headWidth) : 1;
  const residual = config.share("resid_pdrop", 0.1);
  const byDepth = config.flag("scale_attn_by_inverse_layer_idx", false);
  const block = sequential({
    attention: selfAttention({
      heads,
      project: fused("attn.c_attn", form),
      scale: (index) => (byDepth ? scale / (index + 1) : scale),
      output: { name: "attn.c_proj", ...form },
    }),
    mlp: plainMlp({
      up: "mlp.c_fc",
      down: "mlp.c_proj",
      hidden: config.count("n_inner", 4 * width),
      activation: readActivation(config, "activation_function", "gelu_new"),
      form,
    }),
    beforeAttention: ["ln_1", norm],
    beforeMlp: ["ln_2", norm],
  });
  return decoder(config, {
    names: gptNames,
    extents,
    inputs: { masks: { full: null }, positions: { offset: 0 } },
    dropout: {
      "embedding": config.share("embd_pdrop", 0.1),
      "attention.weights": config.share("attn_pdrop", 0.1),
      "attention.output": residual,
      "mlp.output": residual,
    },
    block,
    norm,
    tied: true,
    embed: (scope, tokens) => o.add(tokens, embedPositions(scope, "transformer.wpe.weight", contextLength, width)),
  });
}
