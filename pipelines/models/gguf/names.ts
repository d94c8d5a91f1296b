/**
 * The tensors of each architecture: their names in transformers, and how they are converted. The names in a GGUF file
 * are those of `gguf-py`'s constants.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import {
  aboveOne,
  apart,
  asStored,
  byHead,
  halvedKeys,
  halvedQueries,
  regrouped,
  transposed,
  type Treatment,
} from "./outputs.ts";

/** A tensor's name in transformers, without `.weight` or `.bias`, and how it is converted. */
type Renamed = string | readonly [name: string, treatment: Treatment];

/** The tensors of an architecture. */
interface TensorNames {
  /** The tensors outside of blocks. */
  readonly outside: Readonly<Record<string, Renamed>>;
  /** The name of blocks, without their number. */
  readonly blocks: string;
  /** The tensors of a block, without `blk.N.`. */
  readonly block: Readonly<Record<string, Renamed>>;
}

const outside = { token_embd: "model.embed_tokens", output_norm: "model.norm", output: "lm_head" };
const blocks = "model.layers";
const attention = {
  attn_norm: "input_layernorm",
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_output: "self_attn.o_proj",
};
const gatedMlp = { ffn_gate: "mlp.gate_proj", ffn_up: "mlp.up_proj", ffn_down: "mlp.down_proj" };
const headNorms = { attn_q_norm: "self_attn.q_norm", attn_k_norm: "self_attn.k_norm" };

const plain: TensorNames = {
  outside,
  blocks,
  block: { ...attention, ffn_norm: "post_attention_layernorm", ...gatedMlp },
};
const interleaved: TensorNames = {
  ...plain,
  block: {
    ...plain.block,
    attn_q: [attention.attn_q, halvedQueries],
    attn_k: [attention.attn_k, halvedKeys],
  },
};
const gemma: TensorNames = {
  outside: { ...outside, output_norm: [outside.output_norm, aboveOne] },
  blocks,
  block: {
    ...plain.block,
    attn_norm: [attention.attn_norm, aboveOne],
    ffn_norm: ["post_attention_layernorm", aboveOne],
  },
};
const gemma2: TensorNames = {
  ...gemma,
  block: {
    ...gemma.block,
    post_attention_norm: ["post_attention_layernorm", aboveOne],
    ffn_norm: ["pre_feedforward_layernorm", aboveOne],
    post_ffw_norm: ["post_feedforward_layernorm", aboveOne],
  },
};
const cohere: TensorNames = { outside, blocks, block: { ...attention, ...gatedMlp, ...headNorms } };

/** The names by `general.architecture`. */
export const tensorNames = {
  "llama": interleaved,
  "qwen2": plain,
  "qwen3": { ...plain, block: { ...plain.block, ...headNorms } },
  gemma,
  gemma2,
  "gemma3": {
    ...gemma2,
    block: {
      ...gemma2.block,
      attn_q_norm: [headNorms.attn_q_norm, aboveOne],
      attn_k_norm: [headNorms.attn_k_norm, aboveOne],
    },
  },
  "phi2": {
    outside: { token_embd: "model.embed_tokens", output_norm: "model.final_layernorm", output: "lm_head" },
    blocks,
    block: {
      ...attention,
      attn_qkv: ["self_attn.qkv_proj", apart],
      attn_output: "self_attn.dense",
      ffn_up: "mlp.fc1",
      ffn_down: "mlp.fc2",
    },
  },
  "phi3": {
    outside,
    blocks,
    block: {
      attn_norm: "input_layernorm",
      attn_qkv: "self_attn.qkv_proj",
      attn_output: "self_attn.o_proj",
      ffn_norm: "post_attention_layernorm",
      ffn_up: "mlp.gate_up_proj",
      ffn_down: "mlp.down_proj",
    },
  },
  "gpt2": {
    outside: {
      token_embd: "transformer.wte",
      position_embd: "transformer.wpe",
      output_norm: "transformer.ln_f",
      output: "lm_head",
    },
    blocks: "transformer.h",
    block: {
      attn_norm: "ln_1",
      attn_qkv: ["attn.c_attn", transposed],
      attn_output: ["attn.c_proj", transposed],
      ffn_norm: "ln_2",
      ffn_up: ["mlp.c_fc", transposed],
      ffn_down: ["mlp.c_proj", transposed],
    },
  },
  "starcoder2": {
    outside,
    blocks,
    block: { ...attention, ffn_norm: "post_attention_layernorm", ffn_up: "mlp.c_fc", ffn_down: "mlp.c_proj" },
  },
  "stablelm": {
    ...plain,
    block: {
      ...plain.block,
      attn_q_norm: ["self_attn.q_layernorm.norms.*", byHead],
      attn_k_norm: ["self_attn.k_layernorm.norms.*", byHead],
    },
  },
  "olmo2": {
    outside,
    blocks,
    block: {
      attn_q: attention.attn_q,
      attn_k: attention.attn_k,
      attn_v: attention.attn_v,
      attn_output: attention.attn_output,
      ...headNorms,
      post_attention_norm: "post_attention_layernorm",
      ...gatedMlp,
      post_ffw_norm: "post_feedforward_layernorm",
    },
  },
  "granite": interleaved,
  "falcon": {
    outside: { token_embd: "transformer.word_embeddings", output_norm: "transformer.ln_f", output: "lm_head" },
    blocks: "transformer.h",
    block: {
      attn_norm: "input_layernorm",
      attn_norm_2: "ln_attn",
      attn_qkv: ["self_attention.query_key_value", regrouped],
      attn_output: "self_attention.dense",
      ffn_up: "mlp.dense_h_to_4h",
      ffn_down: "mlp.dense_4h_to_h",
    },
  },
  "gptneox": {
    outside: { token_embd: "gpt_neox.embed_in", output_norm: "gpt_neox.final_layer_norm", output: "embed_out" },
    blocks: "gpt_neox.layers",
    block: {
      attn_norm: "input_layernorm",
      attn_qkv: ["attention.query_key_value", regrouped],
      attn_output: "attention.dense",
      ffn_norm: "post_attention_layernorm",
      ffn_up: "mlp.dense_h_to_4h",
      ffn_down: "mlp.dense_4h_to_h",
    },
  },
  "command-r": cohere,
  "cohere2": cohere,
} as const satisfies Readonly<Record<string, TensorNames>>;

/** An architecture that can be read. */
export type KnownArchitecture = keyof typeof tensorNames;

/** Whether an architecture can be read. */
export function isKnownArchitecture(name: string): name is KnownArchitecture {
  return Object.hasOwn(tensorNames, name);
}

/**
 * A tensor's name in transformers, and how it is converted.
 *
 * @param tensor Its name in the file, such as `blk.3.attn_q.weight`.
 * @param has Whether the file has a tensor.
 * @returns Undefined if the architecture has no such tensor.
 */
export function rename(
  architecture: KnownArchitecture,
  tensor: string,
  has: (name: string) => boolean,
): { readonly name: string; readonly treatment: Treatment } | undefined {
  const names: TensorNames = tensorNames[architecture];
  const [, number, stem = "", kind = ""] = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(tensor) ?? [];
  const table = number === undefined ? names.outside : names.block;
  let entry = ownValue(table, stem);
  // Falcon's large models have separate norms for attention and the MLP, the small ones one norm for both.
  if (architecture === "falcon" && stem === "attn_norm" && has("blk.0.attn_norm_2.weight")) entry = "ln_mlp";
  if (entry === undefined) return undefined;
  const [stemName, treatment] = typeof entry === "string" ? [entry, asStored] : entry;
  return { name: `${number === undefined ? "" : `${names.blocks}.${number}.`}${stemName}.${kind}`, treatment };
}
