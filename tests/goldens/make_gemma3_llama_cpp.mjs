/**
 * Records what llama.cpp writes greedily with Gemma 3 270M in float32, for gemma3_test.
 *
 *     npm install --ignore-scripts node-llama-cpp@3.22.1     (anywhere; this file is to be run from there)
 *     node make_gemma3_llama_cpp.mjs F32.gguf gemma3_llama_cpp.json
 *
 * F32.gguf is what make_gemma3.py writes: with quantized weights llama.cpp rounds activations, too.
 *
 * gemma3_llama_cpp.json: of each prompt its ids and the 12 that follow.
 */
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [, , model, target] = process.argv;
if (target === undefined) throw new Error("usage: node make_gemma3_llama_cpp.mjs F32.gguf gemma3_llama_cpp.json");
const found = createRequire(join(process.cwd(), "package.json")).resolve("node-llama-cpp");
const { getLlama } = await import(pathToFileURL(found).href);

const prompts = [
  "The capital of Italy is",
  "Water boils at a temperature of",
  "My favourite animal is the",
  "def add(a, b):\n    return",
  "Once upon a time, in a small village by the sea,",
  "The three primary colours are",
  "Zürich ist eine Stadt in",
  "1, 2, 3, 4, 5,",
  "In 1969, two people",
  "The opposite of hot is",
];
const count = 12;

const llama = await getLlama({ gpu: false, build: "never" });
const loaded = await llama.loadModel({ modelPath: model });
const context = await loaded.createContext({ contextSize: 256, batchSize: 256, flashAttention: false, threads: 2 });
const rows = [];
for (const prompt of prompts) {
  const sequence = context.getSequence(), ids = [loaded.tokens.bos, ...loaded.tokenize(prompt)];
  const continuation = [];
  for await (const token of sequence.evaluate(ids, { temperature: 0, yieldEogToken: true })) {
    continuation.push(token);
    if (continuation.length === count) break;
  }
  rows.push({ prompt, ids, continuation });
  sequence.dispose();
}
writeFileSync(target, `[\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]\n`);
process.exit(0);
