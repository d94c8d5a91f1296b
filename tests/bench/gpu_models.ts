/**
 * Model folders of known shapes with random weights: their outputs have no meaning, but take as long to compute as real
 * ones.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigReader } from "../../pipelines/models/architecture/config.ts";
import { architectureOf } from "../../pipelines/models/families/mod.ts";
import { createRandom } from "../../pipelines/data/random.ts";

const builtin = fileURLToPath(new URL("../../pipelines/models/builtin/tiny/", import.meta.url));

const llama = { model_type: "llama", rms_norm_eps: 1e-5, bos_token_id: 0, eos_token_id: 1, pad_token_id: 2 };

/** The config.json of each shape, in the order of measurement. */
export const shapes = {
  tiny: {
    ...llama,
    hidden_size: 64,
    intermediate_size: 128,
    num_hidden_layers: 4,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    vocab_size: 512,
    max_position_embeddings: 512,
    tie_word_embeddings: true,
  },
  "SmolLM2-135M": {
    ...llama,
    hidden_size: 576,
    intermediate_size: 1536,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    vocab_size: 49152,
    max_position_embeddings: 8192,
    rope_theta: 100000,
    tie_word_embeddings: true,
  },
  "Llama-3.2-1B": {
    ...llama,
    hidden_size: 2048,
    intermediate_size: 8192,
    num_hidden_layers: 16,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    head_dim: 64,
    vocab_size: 128256,
    max_position_embeddings: 8192,
    rope_theta: 500000,
    tie_word_embeddings: true,
  },
  "Llama-3.2-3B": {
    ...llama,
    hidden_size: 3072,
    intermediate_size: 8192,
    num_hidden_layers: 28,
    num_attention_heads: 24,
    num_key_value_heads: 8,
    head_dim: 128,
    vocab_size: 128256,
    max_position_embeddings: 8192,
    rope_theta: 500000,
    tie_word_embeddings: true,
  },
} as const;

/** A shape that is measured. */
export type ShapeName = keyof typeof shapes;

/** Whether there is a shape of this name. */
export const isShape = (name: string): name is ShapeName => Object.hasOwn(shapes, name);

/** How weights are stored. */
export type StoredType = "float32" | "bfloat16";

/** Random numbers that are drawn once and repeated: billions of draws would take minutes. */
const drawn = 2 ** 22;

/** Writes a model folder; weights have a standard deviation of 0.02, as in Llama before its training. */
export async function writeModel(folder: string, shape: ShapeName, stored: StoredType): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const file = join(folder, "config.json"), config = { ...shapes[shape], torch_dtype: stored };
  await Deno.writeTextFile(file, JSON.stringify(config));
  for (const name of ["tokenizer.json", "tokenizer_config.json"]) {
    await Deno.copyFile(join(builtin, name), join(folder, name));
  }
  const { weights } = architectureOf(new ConfigReader(file, config)), size = stored === "float32" ? 4 : 2;
  let offset = 0;
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  for (const [name, shape] of weights) {
    const bytes = shape.reduce((product, extent) => product * extent, size);
    header[name] = { dtype: size === 4 ? "F32" : "BF16", shape, data_offsets: [offset, offset += bytes] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header)),
    padded = new Uint8Array(Math.ceil(text.length / 8) * 8);
  padded.fill(0x20);
  padded.set(text);
  using to = await Deno.open(join(folder, "model.safetensors"), { write: true, create: true, truncate: true });
  const start = new DataView(new ArrayBuffer(8));
  start.setBigUint64(0, BigInt(padded.length), true);
  await writeAll(to, new Uint8Array(start.buffer));
  await writeAll(to, padded);
  const random = createRandom(1, "weights"), noise = Float32Array.from({ length: drawn }, () => 0.02 * random.normal());
  const repeated = bytesOf(noise, stored), ones = bytesOf(new Float32Array(2 ** 14).fill(1), stored);
  for (const [name, shape] of weights) {
    const source = name.endsWith("norm.weight") ? ones : repeated;
    let left = shape.reduce((product, extent) => product * extent, size);
    for (; left > 0; left -= Math.min(left, source.length)) await writeAll(to, source.subarray(0, left));
  }
}

/** bfloat16 is the upper half of float32. */
function bytesOf(numbers: Float32Array<ArrayBuffer>, stored: StoredType): Uint8Array {
  if (stored === "float32") return new Uint8Array(numbers.buffer);
  const bits = new Uint32Array(numbers.buffer);
  return new Uint8Array(Uint16Array.from(bits, (each) => each >>> 16).buffer);
}

async function writeAll(to: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await to.write(bytes.subarray(done));
}
