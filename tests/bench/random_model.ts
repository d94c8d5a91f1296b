/**
 * Writes a Hugging Face folder in the shape of Llama 2 7B with random weights in bfloat16 (13.5 GB), to try a model
 * larger than a machine's memory without a download. The tokenizer is that of `builtin:tiny`, whose ids are the first
 * 512.
 *
 *     deno run --allow-read --allow-write tests/bench/random_model.ts <folder> [blocks, by default 32]
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom } from "../../pipelines/data/random.ts";
import { ConfigReader } from "../../pipelines/models/architecture/config.ts";
import { architectureOf } from "../../pipelines/models/families/mod.ts";
import { encodeHeader } from "../../pipelines/models/weights/safetensors_writer.ts";
import { numbersInOrder, refuse } from "./arguments.ts";

const builtin = fileURLToPath(new URL("../../pipelines/models/builtin/tiny/", import.meta.url));

const [folder, ...rest] = Deno.args;
if (folder === undefined || folder.startsWith("-")) {
  refuse("give the folder to write, as in random_model.ts /tmp/llama-2-7b");
}
const { blocks } = numbersInOrder({ blocks: 32 }, rest);
const config = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  hidden_size: 4096,
  intermediate_size: 11008,
  num_hidden_layers: blocks,
  num_attention_heads: 32,
  num_key_value_heads: 32,
  vocab_size: 32000,
  max_position_embeddings: 4096,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  tie_word_embeddings: false,
  torch_dtype: "bfloat16",
  bos_token_id: 0,
  eos_token_id: 1,
  pad_token_id: 2,
};

/** The number of random numbers that are drawn; tensors begin at different offsets among them. */
const drawn = 1 << 22;
/** The standard deviation of Llama's initialization. */
const deviation = 0.02;

/** The upper halves of float32 numbers, which are their bfloat16 values without rounding. */
function upperHalves(numbers: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  return Uint16Array.from(bits, (each) => each >>> 16);
}

await Deno.mkdir(folder, { recursive: true });
for (const name of ["tokenizer.json", "tokenizer_config.json"]) {
  await Deno.copyFile(join(builtin, name), join(folder, name));
}
await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify(config));
const { weights } = architectureOf(new ConfigReader(join(folder, "config.json"), config));
const random = createRandom(1);
const noise = upperHalves(Float32Array.from({ length: drawn }, () => deviation * random.normal()));
const ones = upperHalves(new Float32Array(config.hidden_size).fill(1));

const tensors = [...weights].map(([name, shape]) => {
  return { name, dtype: "BF16", shape, bytes: 2 * shape.reduce((product, extent) => product * extent, 1) };
});
using file = await Deno.create(join(folder, "model.safetensors"));
const writer = file.writable.getWriter();
await writer.write(encodeHeader(tensors));
for (const [at, { bytes, shape }] of tensors.entries()) {
  const source = shape.length === 1 ? ones : noise;
  for (let done = 0, start = (at * 7919) % (shape.length === 1 ? 1 : drawn); done < bytes; start = 0) {
    const part = source.subarray(start, Math.min(source.length, start + (bytes - done) / 2));
    await writer.write(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    done += part.byteLength;
  }
}
await writer.close();
