/**
 * Writes everything that is needed to train `builtin:tiny`: texts, tokenizer and the model's config.
 *
 * ```sh
 * deno run --allow-write=tiny examples/tiny-base/corpus.ts tiny
 * ```
 *
 * @module
 */
import { documents } from "./documents.ts";
import { specialTokenIds, tokenizerConfig, trainTokenizer } from "./tokenizer.ts";
import { createWorld } from "./world.ts";

/** The seed of the world that `builtin:tiny` knows. */
export const worldSeed = 1;

/** The content of the model's `config.json`: a Llama of 0.8 million parameters. */
export const modelConfig = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  hidden_size: 128,
  intermediate_size: 344,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 32,
  vocab_size: 512,
  max_position_embeddings: 256,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  rope_scaling: null,
  tie_word_embeddings: true,
  hidden_act: "silu",
  attention_bias: false,
  mlp_bias: false,
  bos_token_id: specialTokenIds.begin,
  eos_token_id: specialTokenIds.end,
  pad_token_id: specialTokenIds.pad,
  torch_dtype: "float32",
} as const;

/** How many texts to write. */
export interface CorpusOptions {
  readonly train?: number;
  readonly heldOut?: number;
}

/**
 * Creates the corpus: training texts, held-out texts that are not among them, and the tokenizer trained on the former.
 *
 * @param options How many texts; 22,000 and 500 if omitted.
 * @returns The files' contents, the same in every call.
 */
export function createCorpus({ train = 22_000, heldOut = 500 }: CorpusOptions = {}) {
  const world = createWorld(worldSeed);
  const trainTexts = documents(world, { count: train, seed: 1 });
  return {
    world,
    train: trainTexts,
    heldOut: documents(world, { count: heldOut, seed: 2, except: new Set(trainTexts) }),
    tokenizer: trainTokenizer(trainTexts, modelConfig.vocab_size),
    tokenizerConfig: tokenizerConfig(modelConfig.max_position_embeddings),
  };
}

/**
 * Writes the corpus into a folder: `train.jsonl`, `heldout.jsonl` (one `text` per line, without special tokens),
 * `tokenizer.json`, `tokenizer_config.json` and `config.json`.
 *
 * @param folder The folder, which is created if absent.
 * @param options How many texts.
 */
export async function writeCorpus(folder: string, options?: CorpusOptions): Promise<void> {
  const corpus = createCorpus(options);
  const lines = (texts: readonly string[]) => texts.map((text) => `${JSON.stringify({ text })}\n`).join("");
  const json = (content: unknown) => `${JSON.stringify(content, null, 2)}\n`;
  await Deno.mkdir(folder, { recursive: true });
  await Promise.all([
    Deno.writeTextFile(`${folder}/train.jsonl`, lines(corpus.train)),
    Deno.writeTextFile(`${folder}/heldout.jsonl`, lines(corpus.heldOut)),
    Deno.writeTextFile(`${folder}/tokenizer.json`, json(corpus.tokenizer)),
    Deno.writeTextFile(`${folder}/tokenizer_config.json`, json(corpus.tokenizerConfig)),
    Deno.writeTextFile(`${folder}/config.json`, json(modelConfig)),
  ]);
}

if (import.meta.main) {
  const [folder, ...rest] = Deno.args;
  if (folder === undefined || rest.length > 0) {
    console.error("Expected one argument, the folder to write to");
    Deno.exit(2);
  }
  await writeCorpus(folder);
}
