/** The files of ONNX Runtime that a page loads. @module */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** WebAssembly, and WebGPU with its fallback. */
const names = [
  "ort.wasm.bundle.min.mjs",
  "ort-wasm-simd-threaded.wasm",
  "ort.webgpu.bundle.min.mjs",
  "ort-wasm-simd-threaded.asyncify.wasm",
];

/** Copies them into a folder. */
export async function copyRuntime(folder: string): Promise<void> {
  const main = createRequire(import.meta.url).resolve("onnxruntime-web/wasm");
  for (const name of names) await Deno.copyFile(join(dirname(main), name), join(folder, name));
}
