/** A Llama folder small enough to train in milliseconds, with random weights. @module */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigReader } from "../../pipelines/models/architecture/config.ts";
import { architectureOf } from "../../pipelines/models/families/mod.ts";
import { writeSafetensors } from "../../pipelines/models/weights/safetensors_writer.ts";
import { createRandom } from "../../pipelines/data/random.ts";

const builtin = fileURLToPath(new URL("../../pipelines/models/builtin/tiny/", import.meta.url));

/** The config of the tiny model: 2 blocks of width 16, two heads that share their keys and values. */
export const tinyConfig = {
  model_type: "llama",
  hidden_size: 16,
  intermediate_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  head_dim: 8,
  vocab_size: 512,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
  bos_token_id: 0,
  eos_token_id: 1,
  pad_token_id: 2,
};

/** The differences of a tiny model from the default. */
export interface TinyModelOptions {
  /** Fields of config.json to set, or to omit where `undefined`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** False for a folder without weights. */
  readonly weights?: boolean;
  readonly seed?: number;
}

/**
 * Writes a model folder: config.json, tokenizer.json (the vocabulary of `builtin:tiny`), tokenizer_config.json and
 * model.safetensors. The weights are large enough for every token's likelihood to depend on the tokens before it.
 */
export async function writeTinyModel(folder: string, options: TinyModelOptions = {}): Promise<void> {
  const { config = {}, weights = true, seed = 1 } = options;
  const fields = { ...tinyConfig, ...config };
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify(fields));
  for (const name of ["tokenizer.json", "tokenizer_config.json"]) {
    await Deno.copyFile(join(builtin, name), join(folder, name));
  }
  if (weights) await writeTinyWeights(folder, seed);
}

/** Writes the folder's model.safetensors as its config.json requires, or with some tensors changed or omitted. */
export async function writeTinyWeights(
  folder: string,
  seed = 1,
  change: (name: string, shape: readonly number[]) => readonly number[] | undefined = (_, shape) => shape,
): Promise<void> {
  const file = join(folder, "config.json");
  const { weights } = architectureOf(new ConfigReader(file, JSON.parse(await Deno.readTextFile(file))));
  const tensors = [...weights].flatMap(([name, asked]) => {
    const shape = change(name, asked);
    if (shape === undefined) return [];
    const random = createRandom(seed, name);
    const draw = name.endsWith("norm.weight") ? () => 1 + 0.1 * random.normal() : () => 0.4 * random.normal();
    return [{ name, shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, draw) }];
  });
  await writeSafetensors(join(folder, "model.safetensors"), tensors, { format: "pt" });
}
