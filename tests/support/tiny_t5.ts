/** A scene whose model is a T5 small enough to train in milliseconds. @module */
import { inScene, type PipelineParts, type Scene } from "./scene.ts";

/** The config of the tiny T5: 2 blocks of width 16 in the encoder and 3 in the decoder. */
export const tinyT5Config = {
  model_type: "t5",
  d_model: 16,
  d_kv: 6,
  d_ff: 24,
  num_heads: 3,
  num_layers: 2,
  num_decoder_layers: 3,
  vocab_size: 512,
  feed_forward_proj: "gated-gelu",
  relative_attention_num_buckets: 8,
  relative_attention_max_distance: 12,
  tie_word_embeddings: false,
  decoder_start_token_id: 2,
  eos_token_id: 1,
  pad_token_id: 2,
};

/** The settings of {@linkcode t5Parts}. */
export interface T5Training {
  /** Edits and adapters, as TypeScript. */
  readonly edits: string;
  /** More settings of the training. */
  readonly settings?: string;
  readonly learningRate?: string;
  /** Settings of the evaluation. */
  readonly evaluation?: string;
}

/** A pipeline that trains edits on all rows and evaluates on them. */
export function t5Parts({ edits, settings = "", learningRate = "1e-2", evaluation = "" }: T5Training) {
  return {
    imports: `import * as refract from "refract";\nimport { decoder, encoder } from "refract";`,
    at: "encoder.block(0).output",
    metrics: "[exactMatch(), loss()]",
    decoding: "greedy({ maxNewTokens: 6 })",
    optimizer: `adamw({ learningRate: ${learningRate} })`,
    stages: `{
    tuned: evaluate(
      train(base.with(${edits}), { data: rows, epochs, batchSize, optimizer, ${settings} }),
      { data: rows, metrics, decoding, ${evaluation} },
    ),
  }`,
  } satisfies Partial<PipelineParts>;
}

/** Runs a test with a scene of the tiny T5. */
export function inT5Scene(parts: Partial<PipelineParts>, test: (scene: Scene) => Promise<void>): Promise<void> {
  return inScene(parts, test, { config: tinyT5Config });
}
