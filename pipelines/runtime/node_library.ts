/** ONNX Runtime's native package. @module */
import type { OnnxModel } from "../../ops/onnx/model.ts";
import { bindingFolder } from "./binding.ts";
import { copyingOptimizers, type RuntimeLibrary } from "./library.ts";
import * as ort from "./onnx_runtime.ts";
import type { SessionSettings } from "./protocol.ts";
import { missingLibraries, providerRuntimes } from "./providers.ts";
import { sessionOf } from "./tensors.ts";

ort.env.logLevel = "fatal";

/** onnxruntime-node. */
export const nodeLibrary: RuntimeLibrary = {
  async open(model, settings) {
    const { libraries } = providerRuntimes[model.provider];
    const missing = libraries === undefined ? undefined : missingLibraries(model.provider, bindingFolder());
    if (missing !== undefined) throw new Error(missing);
    return sessionOf(await ort.InferenceSession.create(model.bytes, sessionOptions(model, settings)), ort.Tensor);
  },
};

function sessionOptions(
  { provider }: OnnxModel,
  { threads, keepsMemory, prepacks, device }: SessionSettings,
): ort.InferenceSession.SessionOptions {
  const session: Record<string, string> = {
    // Weights are mapped in place from their safetensors files; a prepacked copy would take private memory.
    model_external_initializers_file_folder_path: "/",
    disable_prepacking: prepacks ? "0" : "1",
    // Between runs the host's thread works, and threads that wait by spinning would take its processor.
    force_spinning_stop: "1",
  };
  if (!providerRuntimes[provider].isCpu) session["disable_cpu_ep_fallback"] = "1";
  return {
    // A process has only one WebGPU adapter, which has no number.
    executionProviders: [provider === "cuda" && device !== undefined ? { name: provider, deviceId: device } : provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    enableCpuMemArena: keepsMemory,
    executionMode: "sequential",
    graphOptimizationLevel: "extended",
    logSeverityLevel: 4,
    extra: { session, optimization: { disable_specified_optimizers: copyingOptimizers.join(";") } },
  };
}
