/**
 * Gemma (Gemma Team 2024): scaled embeddings, norms whose weights are stored as their difference from 1. Gemma 2 adds
 * norms after attention and MLP, soft caps on scores and logits, and sliding windows; Gemma 3 adds norms of queries and
 * keys, and separate rotary angles for the blocks with a sliding window.
 *
 * @module
 */
import * as o from "../../../ops/operators.ts";
import type { Architecture } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { type Extents, plainRope, readExtents, readRope, readWindows } from "../architecture/fields.ts";
import type { RopeFrequencies } from "../inputs/rotary_angles.ts";
import { normalizedByHead, selfAttention, separate } from "../layers/attention.ts";
import { type NamedNorm, sequential } from "../layers/block.ts";
import { type Activation, activations, gatedMlp, readActivation } from "../layers/mlp.ts";
import { rmsNorm } from "../layers/norm.ts";
import { decoder, llamaNames } from "../layers/decoder.ts";
import { attentionNames, gatedNames } from "./llama.ts";

function build(config: ConfigReader, generation: 1 | 2 | 3): Architecture {
  const extents = readExtents(config, {}, { headWidth: 256 });
  const { width, blocks, heads } = extents;
  const norm = rmsNorm(config.number("rms_norm_eps", 1e-6), { offset: 1 });
  const pattern = config.count("sliding_window_pattern", generation === 3 ? 6 : 2);
  const windows = readWindows(config, blocks, (block) => generation > 1 && (block + 1) % pattern !== 0);
  const cap = (field: string) => generation > 1 && config.raw(field) !== undefined ? config.number(field) : undefined;
  const bias = config.flag("attention_bias", false);
  const ofSlidingBlocks = generation === 3 && "sliding" in windows.masks
    ? { sliding: slidingRope(config, extents) }
    : {};
  const named = (name: string): NamedNorm => [name, norm];
  const block = sequential({
    attention: selfAttention({
      heads,
      project: separate(attentionNames, { bias }),
      ...(generation === 3 ? { normalize: normalizedByHead("norm", norm) } : {}),
      angles: (index) => (generation === 3 && windows.mask(index) === "sliding" ? "sliding" : "rotary"),
      mask: windows.mask,
      scale: (generation === 1 ? heads.headWidth : config.number("query_pre_attn_scalar", 256)) ** -0.5,
      softcap: cap("attn_logit_softcapping"),
      output: { name: "self_attn.o_proj", bias },
    }),
    mlp: gatedMlp({
      ...gatedNames,
      hidden: config.count("intermediate_size"),
      activation: generation === 1
        ? firstActivation(config)
        : readActivation(config, "hidden_activation", "gelu_pytorch_tanh"),
      form: {},
    }),
    beforeAttention: named("input_layernorm"),
    ...(generation === 1 ? { beforeMlp: named("post_attention_layernorm") } : {
      afterAttention: named("post_attention_layernorm"),
      beforeMlp: named("pre_feedforward_layernorm"),
      afterMlp: named("post_feedforward_layernorm"),
    }),
  });
  const theta = generation === 3 ? { theta: 1e6 } : {};

  return decoder(config, {
    names: llamaNames,
    extents,
    inputs: {
      rotaryAngles: { rotary: readRope(config, extents, theta), ...ofSlidingBlocks },
      masks: windows.masks,
    },
    block,
    norm,
    tied: true,
    head: { softcap: cap("final_logit_softcapping") },
    embed: (_scope, tokens) => o.mul(tokens, Math.fround(Math.sqrt(width))),
  });
}

/** The frequencies of Gemma 3's blocks with a sliding window, which are not scaled. */
function slidingRope(config: ConfigReader, extents: Extents): RopeFrequencies {
  return config.raw("rope_parameters") === undefined
    ? plainRope(config, extents.heads.headWidth, config.number("rope_local_base_freq", 10000))
    : readRope(config, extents, { layerType: "sliding_attention" });
}

/** The first Gemma's configs have `gelu` although its tanh form is meant; later ones name it in a separate field. */
function firstActivation(config: ConfigReader): Activation {
  if (config.raw("hidden_activation") !== undefined) return readActivation(config, "hidden_activation", "gelu");
  return config.raw("hidden_act") === "gelu"
    ? activations.gelu_pytorch_tanh
    : readActivation(config, "hidden_act", "gelu_pytorch_tanh");
}

/** Gemma. */
export const gemma = (config: ConfigReader) => build(config, 1);
/** Gemma 2. */
export const gemma2 = (config: ConfigReader) => build(config, 2);
/** The text model of Gemma 3. */
export const gemma3 = (config: ConfigReader) => build(config, 3);
