/**
 * GPT-Neo (Black et al. 2021): learned positions, blocks with global and with local attention, unscaled scores.
 *
 * @module
 */
import * as o from "../../../ops/operators.ts";
import type { Architecture } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { readExtents } from "../architecture/fields.ts";
import { selfAttention, separate } from "../layers/attention.ts";
import { sequential } from "../layers/block.ts";
import { plainMlp, readActivation } from "../layers/mlp.ts";
import { layerNorm } from "../layers/norm.ts";
import { embedPositions } from "../layers/outer.ts";
import { decoder, gptNames } from "../layers/decoder.ts";

/** The architecture that a config describes. */
export function gptNeo(config: ConfigReader): Architecture {
  const extents = readExtents(
    config,
    { blocks: "num_layers", heads: "num_heads", keyValueHeads: undefined },
  );
  const { width, contextLength, heads, blocks } = extents;
  const norm = layerNorm(config.number("layer_norm_epsilon", 1e-5)), kinds = attentionKinds(config, blocks);
  const form = { bias: true };
  const block = sequential({
    attention: selfAttention({
      heads,
      project: separate(["attn.attention.q_proj", "attn.attention.k_proj", "attn.attention.v_proj"], {}),
      mask: (index) => (kinds[index] === "local" ? "local" : "full"),
      scale: 1,
      output: { name: "attn.attention.out_proj", bias: true },
    }),
    mlp: plainMlp({
      up: "mlp.c_fc",
      down: "mlp.c_proj",
      hidden: config.count("intermediate_size", 4 * width),
      activation: readActivation(config, "activation_function", "gelu_new"),
      form,
    }),
    beforeAttention: ["ln_1", norm],
    beforeMlp: ["ln_2", norm],
  });
  return decoder(config, {
    names: gptNames,
    extents,
    inputs: {
      masks: {
        ...(kinds.includes("global") ? { full: null } : {}),
        ...(kinds.includes("local") ? { local: config.count("window_size", 256) } : {}),
      },
      positions: { offset: 0 },
    },
    block,
    norm,
    tied: true,
    embed: (scope, tokens) => o.add(tokens, embedPositions(scope, "transformer.wpe.weight", contextLength, width)),
  });
}

/** `attention_types`, for example `[[["global", "local"], 12]]`: kinds, and how often they are repeated. */
function attentionKinds(config: ConfigReader, blocks: number): readonly string[] {
  const types = config.raw("attention_types") ?? [[["global", "local"], Math.ceil(blocks / 2)]];
  const isKind = (kind: unknown) => kind === "global" || kind === "local";
  const isGroup = (group: unknown): group is [string[], number] =>
    Array.isArray(group) && Array.isArray(group[0]) && group[0].every(isKind) && Number.isInteger(group[1]) &&
    group[1] >= 0;
  const kinds = Array.isArray(types) && types.every(isGroup)
    ? types.flatMap(([list, times]) => new Array<string[]>(Math.min(times, blocks)).fill(list).flat())
    : [];
  if (kinds.length < blocks) {
    throw config.error(
      `attention_types does not name global or local for each of ${blocks} blocks; correct the config`,
    );
  }
  return kinds.slice(0, blocks);
}
