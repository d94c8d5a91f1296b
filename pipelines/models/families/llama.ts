/**
 * Llama and the families that share its block: pre-normalized attention with rotary positions and grouped heads, then a
 * gated MLP (Touvron et al. 2023). Mistral adds a sliding window, Qwen2 biases on query, key and value, Qwen3 norms of
 * each head's queries and keys, SmolLM3 blocks without positions, and Granite scaling factors.
 *
 * @module
 */
import type { Architecture } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import { readExtents, readRope, readWindows } from "../architecture/fields.ts";
import { normalizedByHead, selfAttention, separate } from "../layers/attention.ts";
import { type NamedNorm, sequential } from "../layers/block.ts";
import { gatedMlp, readActivation } from "../layers/mlp.ts";
import { rmsNorm } from "../layers/norm.ts";
import { decoder, llamaNames } from "../layers/decoder.ts";
import * as o from "../../../ops/operators.ts";
import type { Value } from "../../../ops/program/program.ts";
import type { Scope } from "../layers/scope.ts";

/** The names of a gated MLP's projections in Llama's files. */
export const gatedNames = { gate: "mlp.gate_proj", up: "mlp.up_proj", down: "mlp.down_proj" } as const;

/** The names of the attention projections in Llama's files. */
export const attentionNames = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"] as const;

/** How a member of the family differs from Llama. */
interface Variant {
  /** Whether query, key and value have biases regardless of `attention_bias`. */
  readonly biasedQueries?: boolean;
  /** Whether queries and keys are normalized, separately for each head. */
  readonly headNorms?: boolean;
  readonly headWidth?: number;
  /** Which blocks have a sliding window if the config does not list them. */
  readonly isSliding?: (config: ConfigReader, block: number) => boolean;
  /** Which blocks rotate queries and keys. */
  readonly isTurned?: (config: ConfigReader) => (block: number) => boolean;
  readonly theta?: number;
  readonly tied?: boolean;
  /** Granite's factors. */
  readonly factors?: (config: ConfigReader) => Factors;
}

interface Factors {
  readonly embedding: number;
  readonly attention: number;
  readonly residual: number;
  readonly logits: number;
}

function build(config: ConfigReader, variant: Variant): Architecture {
  const { isSliding = () => false, isTurned = () => () => true, factors } = variant;
  const { headWidth, theta, tied = false } = variant;
  const extents = readExtents(config, {}, headWidth === undefined ? {} : { headWidth });
  const { blocks } = extents;
  const biased = config.flag("attention_bias", false), scales = factors?.(config);
  const norm = rmsNorm(config.number("rms_norm_eps", 1e-6));
  const windows = readWindows(config, blocks, (block) => isSliding(config, block)), turned = isTurned(config);
  const attention = selfAttention({
    heads: extents.heads,
    project: separate(attentionNames, { bias: biased || variant.biasedQueries === true }),
    ...(variant.headNorms ? { normalize: normalizedByHead("norm", norm) } : {}),
    angles: (block) => (turned(block) ? "rotary" : undefined),
    mask: windows.mask,
    ...(scales === undefined ? {} : { scale: scales.attention }),
    output: { name: "self_attn.o_proj", bias: biased },
  });
  const mlp = gatedMlp({
    ...gatedNames,
    hidden: config.count("intermediate_size"),
    activation: readActivation(config, "hidden_act", "silu"),
    form: { bias: config.flag("mlp_bias", false) },
  });
  const named = (name: string): NamedNorm => [name, norm];
  const block = sequential({
    attention,
    mlp,
    beforeAttention: named("input_layernorm"),
    beforeMlp: named("post_attention_layernorm"),
    ...(scales === undefined ? {} : { residual: scales.residual }),
  });
  return decoder(config, {
    names: llamaNames,
    extents,
    inputs: {
      rotaryAngles: { rotary: readRope(config, extents, theta === undefined ? {} : { theta }) },
      masks: windows.masks,
    },
    block,
    norm,
    tied: tied,
    ...(scales === undefined ? {} : {
      head: { scale: 1 / scales.logits },
      embed: (_scope: Scope, tokens: Value) => o.mul(tokens, scales.embedding),
    }),
  });
}

const behindWindowLayers = (config: ConfigReader, block: number) =>
  config.flag("use_sliding_window", false) && block >= config.whole("max_window_layers", 28);

/** Llama (Touvron et al. 2023). */
export const llama = (config: ConfigReader) => build(config, {});

/** Mistral: every block has the sliding window, if there is one (Jiang et al. 2023). */
export const mistral = (config: ConfigReader) => build(config, { isSliding: () => true });

/** Qwen 2 and 2.5: biases on query, key and value; upper blocks may have a sliding window. */
export const qwen2 = (config: ConfigReader) => build(config, { biasedQueries: true, isSliding: behindWindowLayers });

/** Qwen 3: each head's queries and keys are normalized; upper blocks may have a sliding window. */
export const qwen3 = (config: ConfigReader) =>
  build(config, { headNorms: true, headWidth: 128, isSliding: behindWindowLayers });

/** SmolLM3: blocks marked with 0 in `no_rope_layers` have no positions. */
export const smollm3 = (config: ConfigReader) =>
  build(config, {
    theta: 2e6,
    tied: true,
    isSliding: (fields, block) => fields.flag("use_sliding_window", false) && !turnedBlocks(fields)(block),
    isTurned: turnedBlocks,
  });

function turnedBlocks(config: ConfigReader): (block: number) => boolean {
  const listed = config.raw("no_rope_layers"), interval = config.count("no_rope_layer_interval", 4);
  if (listed === undefined) return (block) => (block + 1) % interval !== 0;
  if (!Array.isArray(listed) || !listed.every((mark) => mark === 0 || mark === 1)) {
    throw config.error("no_rope_layers is not a list of 0 and 1; correct the config");
  }
  return (block) => listed[block] !== 0;
}

/** Granite: scaling factors on embeddings, scores, residual branches and logits. */
export const granite = (config: ConfigReader) =>
  build(config, {
    factors: (fields) => ({
      embedding: fields.number("embedding_multiplier", 1),
      attention: fields.number("attention_multiplier", 1),
      residual: fields.number("residual_multiplier", 1),
      logits: fields.number("logits_scaling", 1),
    }),
  });
