/**
 * The config.json of a model in transformers, from a GGUF file's metadata.
 *
 * @module
 */
import type { JsonObject } from "../../common/files.ts";
import type { Metadata } from "./metadata.ts";
import type { KnownArchitecture } from "./names.ts";
import type { Heads } from "./outputs.ts";
import { ropeScaling } from "./rope_scaling.ts";

/** What a config is made from, besides metadata. */
interface ConfigSource {
  readonly metadata: Metadata;
  /** The number of rows of the token embedding. */
  readonly vocabularySize: number;
  /** Whether the file has a tensor. */
  readonly has: (tensor: string) => boolean;
  /** A small tensor's numbers; undefined if there is none. */
  readonly tensor: (name: string) => Float32Array | undefined;
}

/** The attention heads of all blocks. */
export function headsOf(metadata: Metadata): Heads {
  const heads = metadata.sameInEachBlock(".attention.head_count");
  const keyValueHeads = metadata.sameInEachBlock(".attention.head_count_kv", heads);
  const width = metadata.count(".embedding_length");
  if (metadata.raw(".attention.key_length") === undefined && width % heads !== 0) {
    throw metadata.error(`has the width ${width}, which does not divide into ${heads} heads; convert the model again`);
  }
  const headWidth = metadata.count(".attention.key_length", width / heads);
  if (metadata.count(".attention.value_length", headWidth) !== headWidth) {
    throw metadata.error("has keys and values of different widths, which is not supported");
  }
  if (heads % keyValueHeads !== 0) {
    throw metadata.error(
      `${heads} heads do not divide among ${keyValueHeads} key-value heads; convert the model again`,
    );
  }
  return { heads, keyValueHeads, headWidth };
}

/**
 * The fields of config.json.
 *
 * @throws {RequestError} If a metadata key is missing or its value is not supported.
 */
export function configOf(architecture: KnownArchitecture, source: ConfigSource): JsonObject {
  const { metadata } = source;
  if (metadata.raw(".expert_count") !== undefined && metadata.number(".expert_count") > 0) {
    throw metadata.error("is a mixture of experts, which is not supported; use a dense model");
  }
  const { heads, keyValueHeads, headWidth } = headsOf(metadata);
  const specific = specifics[architecture](source, { heads, keyValueHeads, headWidth });
  return {
    hidden_size: metadata.count(".embedding_length"),
    intermediate_size: metadata.sameInEachBlock(".feed_forward_length"),
    num_hidden_layers: metadata.count(".block_count"),
    num_attention_heads: heads,
    num_key_value_heads: keyValueHeads,
    max_position_embeddings: metadata.count(".context_length"),
    vocab_size: source.vocabularySize,
    tie_word_embeddings: !source.has("output.weight"),
    ...tokenIds(metadata),
    torch_dtype: "float32",
    ...specific,
  };
}

/** Null if the file does not have them, since transformers would otherwise use the ids of the family's first model. */
function tokenIds(metadata: Metadata): JsonObject {
  const ids = [["bos", "bos"], ["eos", "eos"], ["pad", "padding"]] as const;
  return Object.fromEntries(ids.map(([role, name]) => {
    return [`${role}_token_id`, metadata.raw(`tokenizer.ggml.${name}_token_id`) ?? null];
  }));
}

type Specific = (source: ConfigSource, heads: Heads) => JsonObject;

/** The epsilon of root-mean-square norms. */
const rmsEpsilon = (metadata: Metadata) => metadata.decimal(".attention.layer_norm_rms_epsilon");
/** The epsilon of norms with a mean. */
const epsilon = (metadata: Metadata) => metadata.decimal(".attention.layer_norm_epsilon");

function rope({ metadata, tensor }: ConfigSource, { headWidth }: Heads): JsonObject {
  const theta = metadata.decimal(".rope.freq_base", 10_000);
  return { rope_theta: theta, rope_scaling: ropeScaling(metadata, { theta, headWidth, tensor }) };
}

/** The share of a head that is rotated. */
function rotatedShare({ metadata }: ConfigSource, { headWidth }: Heads): number {
  return metadata.count(".rope.dimension_count", headWidth) / headWidth;
}

function window({ metadata }: ConfigSource): JsonObject {
  const window = metadata.raw(".attention.sliding_window");
  return { sliding_window: typeof window === "number" && window > 0 ? window : null };
}

function gated(family: string, className: string): Specific {
  return (source, heads) => ({
    architectures: [`${className}ForCausalLM`],
    model_type: family,
    head_dim: heads.headWidth,
    hidden_act: "silu",
    rms_norm_eps: rmsEpsilon(source.metadata),
    ...rope(source, heads),
  });
}

const llama: Specific = (source, heads) => {
  const bias = { attention_bias: source.has("blk.0.attn_q.bias"), mlp_bias: source.has("blk.0.ffn_gate.bias") };
  const { sliding_window } = window(source);
  return sliding_window === null
    ? { ...gated("llama", "Llama")(source, heads), ...bias }
    : { ...gated("mistral", "Mistral")(source, heads), sliding_window };
};

/** The number by whose root Gemma 2 and 3 divide scores: in their largest models, it is not the width of a head. */
function queryScale({ metadata }: ConfigSource, { heads, headWidth }: Heads, largest: number): JsonObject {
  const width = metadata.count(".block_count") === largest ? metadata.count(".embedding_length") / heads : headWidth;
  return { query_pre_attn_scalar: width };
}

/** Omitted if the file does not have them, since llama.cpp and transformers have the same defaults. */
function softCaps({ metadata }: ConfigSource): JsonObject {
  const cap = (name: string) => metadata.raw(`.${name}`) === undefined ? {} : { [name]: metadata.decimal(`.${name}`) };
  return { ...cap("attn_logit_softcapping"), ...cap("final_logit_softcapping") };
}

function gemma(family: string, className: string): Specific {
  return (source, heads) => ({
    ...gated(family, className)(source, heads),
    hidden_act: "gelu_pytorch_tanh",
    hidden_activation: "gelu_pytorch_tanh",
    attention_bias: false,
  });
}

/** Every sixth block of Gemma 3 attends to all tokens, the others within a window, unless the file says otherwise. */
function gemma3Blocks({ metadata }: ConfigSource): JsonObject {
  const key = ".attention.sliding_window_pattern", listed = metadata.raw(key);
  const pattern = Array.isArray(listed) ? undefined : metadata.count(key, 6);
  const hasWindow = (block: number) =>
    pattern === undefined ? metadata.flags(key)[block] === true : (block + 1) % pattern !== 0;
  const types = Array.from({ length: metadata.count(".block_count") }, (_, block) => {
    return hasWindow(block) ? "sliding_attention" : "full_attention";
  });
  return {
    ...pattern === undefined ? {} : { sliding_window_pattern: pattern },
    layer_types: types,
    rope_local_base_freq: metadata.decimal(".rope.freq_base_swa", 10_000),
  };
}

function cohere(family: string, className: string): Specific {
  return (source, heads) => ({
    architectures: [`${className}ForCausalLM`],
    model_type: family,
    head_dim: heads.headWidth,
    hidden_act: "silu",
    layer_norm_eps: epsilon(source.metadata),
    logit_scale: source.metadata.decimal(".logit_scale"),
    attention_bias: source.has("blk.0.attn_q.bias"),
    use_qk_norm: source.has("blk.0.attn_q_norm.weight"),
    ...rope(source, heads),
  });
}

/** The architecture-specific fields, and each architecture's name in transformers. */
const specifics: Readonly<Record<KnownArchitecture, Specific>> = {
  llama,
  qwen2: (source, heads) => {
    const { head_dim: _, ...config } = gated("qwen2", "Qwen2")(source, heads);
    return { ...config, use_sliding_window: false };
  },
  qwen3: (source, heads) => ({
    ...gated("qwen3", "Qwen3")(source, heads),
    attention_bias: false,
    use_sliding_window: false,
  }),
  gemma: gemma("gemma", "Gemma"),
  gemma2: (source, heads) => ({
    ...gemma("gemma2", "Gemma2")(source, heads),
    ...source.metadata.raw(".attention.sliding_window") === undefined ? {} : window(source),
    ...softCaps(source),
    ...queryScale(source, heads, 46),
  }),
  gemma3: (source, heads) => ({
    ...gemma("gemma3_text", "Gemma3")(source, heads),
    ...window(source),
    ...softCaps(source),
    ...queryScale(source, heads, 62),
    ...gemma3Blocks(source),
  }),
  phi2: (source, heads) => ({
    architectures: ["PhiForCausalLM"],
    model_type: "phi",
    hidden_act: "gelu_new",
    layer_norm_eps: epsilon(source.metadata),
    partial_rotary_factor: rotatedShare(source, heads),
    qk_layernorm: false,
    ...rope(source, heads),
  }),
  phi3: (source, heads) => {
    const original = source.metadata.raw(".rope.scaling.original_context_length");
    return {
      architectures: ["Phi3ForCausalLM"],
      model_type: "phi3",
      hidden_act: "silu",
      rms_norm_eps: rmsEpsilon(source.metadata),
      partial_rotary_factor: rotatedShare(source, heads),
      ...original === undefined ? {} : { original_max_position_embeddings: original },
      ...window(source),
      ...rope(source, heads),
    };
  },
  gpt2: ({ metadata }) => ({
    architectures: ["GPT2LMHeadModel"],
    model_type: "gpt2",
    n_embd: metadata.count(".embedding_length"),
    n_layer: metadata.count(".block_count"),
    n_head: metadata.count(".attention.head_count"),
    n_positions: metadata.count(".context_length"),
    n_ctx: metadata.count(".context_length"),
    n_inner: metadata.count(".feed_forward_length"),
    activation_function: "gelu_new",
    layer_norm_epsilon: epsilon(metadata),
  }),
  starcoder2: (source, heads) => ({
    architectures: ["Starcoder2ForCausalLM"],
    model_type: "starcoder2",
    hidden_act: "gelu_pytorch_tanh",
    norm_epsilon: epsilon(source.metadata),
    use_bias: source.has("blk.0.attn_q.bias"),
    ...window(source),
    ...rope(source, heads),
  }),
  stablelm: (source, heads) => ({
    architectures: ["StableLmForCausalLM"],
    model_type: "stablelm",
    hidden_act: "silu",
    layer_norm_eps: epsilon(source.metadata),
    partial_rotary_factor: rotatedShare(source, heads),
    use_qkv_bias: source.has("blk.0.attn_q.bias"),
    qk_layernorm: source.has("blk.0.attn_q_norm.weight"),
    use_parallel_residual: source.metadata.flag(".use_parallel_residual", false),
    ...rope(source, heads),
  }),
  olmo2: (source, heads) => ({ ...gated("olmo2", "Olmo2")(source, heads), attention_bias: false }),
  granite: (source, heads) => ({
    ...gated("granite", "Granite")(source, heads),
    attention_bias: source.has("blk.0.attn_q.bias"),
    mlp_bias: source.has("blk.0.ffn_gate.bias"),
    embedding_multiplier: source.metadata.decimal(".embedding_scale", 1),
    residual_multiplier: source.metadata.decimal(".residual_scale", 1),
    attention_multiplier: source.metadata.decimal(".attention.scale", heads.headWidth ** -0.5),
    logits_scaling: source.metadata.decimal(".logit_scale", 1),
  }),
  falcon: (source, heads) => {
    const isNew = source.has("blk.0.attn_norm_2.weight") || heads.keyValueHeads > 1;
    return {
      architectures: ["FalconForCausalLM"],
      model_type: "falcon",
      ffn_hidden_size: source.metadata.sameInEachBlock(".feed_forward_length"),
      num_kv_heads: heads.keyValueHeads,
      multi_query: true,
      new_decoder_architecture: isNew,
      ...isNew ? { num_ln_in_parallel_attn: source.has("blk.0.attn_norm_2.weight") ? 2 : 1 } : {},
      parallel_attn: true,
      alibi: false,
      bias: source.has("blk.0.attn_qkv.bias"),
      layer_norm_epsilon: epsilon(source.metadata),
      ...rope(source, heads),
    };
  },
  gptneox: (source, heads) => {
    const { rope_theta, rope_scaling } = rope(source, heads);
    return {
      architectures: ["GPTNeoXForCausalLM"],
      model_type: "gpt_neox",
      hidden_act: "gelu",
      layer_norm_eps: epsilon(source.metadata),
      use_parallel_residual: source.metadata.flag(".use_parallel_residual", true),
      attention_bias: source.has("blk.0.attn_qkv.bias"),
      rotary_pct: rotatedShare(source, heads),
      rotary_emb_base: rope_theta,
      rope_theta,
      rope_scaling,
    };
  },
  "command-r": (source, heads) => cohere("cohere", "Cohere")(source, heads),
  cohere2: (source, heads) => ({
    ...cohere("cohere2", "Cohere2")(source, heads),
    ...window(source),
    sliding_window_pattern: 4,
  }),
};
