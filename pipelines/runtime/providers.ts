/**
 * Why a provider refused a model, in one line that says what to do.
 *
 * @module
 */
import { join } from "node:path";
import type { Provider } from "../../ops/onnx/model.ts";

/** The libraries that ONNX Runtime's CUDA provider needs beside its binding. */
const cudaLibraries: Readonly<Record<string, readonly string[]>> = {
  linux: ["libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so"],
  windows: ["onnxruntime_providers_shared.dll", "onnxruntime_providers_cuda.dll"],
};

/**
 * What is missing for a provider.
 *
 * @param binding The folder of ONNX Runtime's native binding.
 * @returns One line, or `undefined` if nothing is known to be missing.
 */
export function missingLibraries(provider: Provider, binding: string): string | undefined {
  if (provider !== "cuda") return undefined;
  const needed = cudaLibraries[Deno.build.os];
  if (needed === undefined) return `The cuda provider does not exist on ${Deno.build.os}; use --provider cpu`;
  const missing = needed.filter((name) => !exists(join(binding, name)));
  if (missing.length === 0) return undefined;
  return `The cuda provider lacks ${missing.join(" and ")}; take them from ONNX Runtime 1.30's GPU package and put ` +
    `them into ${binding}, or use --provider cpu`;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Whether a refusal means that some operations have no kernel on the provider. */
export function isFallbackRefusal(message: string): boolean {
  return message.includes("fallback to CPU EP has been explicitly disabled");
}

/** A refusal as one line for people. */
export function explainRefusal(provider: Provider, message: string): string {
  if (provider === "webgpu" && message.includes("WebGPU adapter")) {
    return "The webgpu provider found no GPU adapter; install a Vulkan driver, or use --provider cpu";
  }
  if (provider === "cuda" && message.startsWith("The cuda provider")) return message;
  return `ONNX Runtime refused a program for ${provider}: ${message.trim().split("\n")[0]}`;
}
