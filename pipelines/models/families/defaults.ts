/**
 * The defaults in transformers (4.57.1) for fields that a family's config.json omits, if they differ between families.
 * A null field does not count as omitted. Defaults that all families share are where the field is read.
 *
 * @module
 */
import type { JsonObject } from "../../common/files.ts";

const bert = { max_position_embeddings: 512 };
const llama = { max_position_embeddings: 2048 };
const qwen = { max_position_embeddings: 32768, num_key_value_heads: 32, sliding_window: 4096 };

/** The defaults of each family, by `model_type`. */
export const fieldDefaults = {
  llama,
  mistral: { max_position_embeddings: 131072, num_key_value_heads: 8, sliding_window: 4096 },
  mixtral: { max_position_embeddings: 131072, num_key_value_heads: 8 },
  qwen2: qwen,
  qwen3: qwen,
  smollm3: { max_position_embeddings: 32768, num_key_value_heads: 4 },
  granite: llama,
  gemma: { max_position_embeddings: 8192, num_key_value_heads: 16 },
  gemma2: {
    max_position_embeddings: 8192,
    num_key_value_heads: 4,
    sliding_window: 4096,
    attn_logit_softcapping: 50,
    final_logit_softcapping: 30,
  },
  gemma3_text: { max_position_embeddings: 131072, num_key_value_heads: 4, sliding_window: 4096 },
  phi: llama,
  phi3: { max_position_embeddings: 4096 },
  gpt2: { n_positions: 1024 },
  gpt_neo: { max_position_embeddings: 2048 },
  gpt_neox: { max_position_embeddings: 2048 },
  gptj: { n_positions: 2048, rotary_dim: 64 },
  opt: { max_position_embeddings: 2048 },
  falcon: { max_position_embeddings: 2048 },
  stablelm: { max_position_embeddings: 4096, num_key_value_heads: 32 },
  olmo: llama,
  olmo2: llama,
  cohere: { max_position_embeddings: 8192 },
  cohere2: { max_position_embeddings: 8192, sliding_window: 4096 },
  starcoder2: { max_position_embeddings: 4096, num_key_value_heads: 2 },
  bloom: { seq_length: 2048 },
  bert,
  roberta: bert,
  "xlm-roberta": bert,
  camembert: bert,
  distilbert: bert,
  modernbert: { max_position_embeddings: 8192 },
  "deberta-v2": bert,
  t5: {},
} as const satisfies Readonly<Record<string, JsonObject>>;

/** The known families. */
export type FamilyName = keyof typeof fieldDefaults;
