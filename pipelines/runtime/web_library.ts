/** ONNX Runtime's package for browsers: WebAssembly with threads, and WebGPU. @module */
import type { Provider } from "../../ops/onnx/model.ts";
import { formatSize } from "../common/size.ts";
import { beyondAddresses, copiesWindows, externalWeights, mostWeights, ReadBytes } from "./external_files.ts";
import { copyingOptimizers, type OpenSession, type RuntimeLibrary } from "./library.ts";
import { providerRuntimes } from "./providers.ts";
import { sessionOf } from "./tensors.ts";

/** The parts of onnxruntime-web that are used, the same in its builds for WebAssembly and for WebGPU. */
export type WebRuntime = Pick<typeof import("onnxruntime-web"), "InferenceSession" | "Tensor" | "env">;

/** The names of providers in onnxruntime-web. */
const providerNames: Readonly<Record<Provider, string | undefined>> = {
  cpu: "wasm",
  webgpu: "webgpu",
  cuda: undefined,
};

/** The limits of a WebGPU adapter, in bytes. */
export interface AdapterLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
}

/**
 * onnxruntime-web.
 *
 * @param load Loads one of its builds, once.
 * @param limitsOf Returns the limits of the WebGPU adapter, if there is one.
 */
export function webLibrary(
  load: (provider: Provider) => Promise<WebRuntime>,
  limitsOf: () => Promise<AdapterLimits | undefined> = () => Promise.resolve(undefined),
): RuntimeLibrary {
  return {
    async open(model, { threads, keepsMemory, prepacks }) {
      const name = providerNames[model.provider];
      if (name === undefined) throw new Error(`a browser has no provider ${model.provider}; give cpu or webgpu`);
      const { locations, bytes, largest } = externalWeights(model);
      if (bytes > mostWeights) {
        throw new Error(`The cpu provider can't run the model, which ${beyondAddresses(bytes)}`);
      }
      const limits = name === "webgpu" ? await limitsOf() : undefined;
      const most = limits && Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
      if (most !== undefined && largest > most) {
        throw new Error(
          `The webgpu provider's adapter has buffers of at most ${formatSize(most)}, but a weight has ` +
            `${formatSize(largest)}; choose a smaller model, or WebAssembly`,
        );
      }
      const ort = await load(model.provider);
      // This is read when the first session is created, and has no effect afterwards.
      ort.env.wasm.numThreads = threads;
      ort.env.logLevel = "fatal";
      using files = new DisposableStack();
      // For WebGPU, ONNX Runtime hands whole tensors to the browser.
      const copiesInWindows = name === "wasm";
      if (copiesInWindows) files.use(copiesWindows());
      const weights = [...locations].map((path) => ({
        path,
        data: files.use(new ReadBytes(`/${path}`, copiesInWindows)),
      }));
      const session: Record<string, string> = { disable_prepacking: prepacks ? "0" : "1" };
      if (!providerRuntimes[model.provider].isCpu) session["disable_cpu_ep_fallback"] = "1";
      const opened = await ort.InferenceSession.create(model.bytes, {
        executionProviders: [name],
        enableCpuMemArena: keepsMemory,
        executionMode: "sequential",
        graphOptimizationLevel: "extended",
        logSeverityLevel: 4,
        externalData: weights,
        extra: { session, optimization: { disable_specified_optimizers: copyingOptimizers.join(";") } },
      });
      if (weights.some(({ data }) => data.isUncopied)) throw new Error("ONNX Runtime did not copy a large weight");
      const own = sessionOf(opened, ort.Tensor);
      if (name !== "webgpu") return own;
      const device: unknown = await ort.env.webgpu.device;
      return canBeLost(device) ? untilLost(own, device) : own;
    },
  };
}

/** The part of a GPUDevice that is used. */
interface LosableDevice {
  readonly lost: Promise<Pick<GPUDeviceLostInfo, "message"> & { readonly reason: string | undefined }>;
}

/** ONNX Runtime's types know no GPUDevice but the browser's own. */
function canBeLost(device: unknown): device is LosableDevice {
  return typeof device === "object" && device !== null && "lost" in device && device.lost instanceof Promise;
}

/** A session whose runs fail when the GPU's device is lost, where ONNX Runtime would wait for what never comes. */
function untilLost(session: OpenSession, { lost }: LosableDevice): OpenSession {
  let isLost = false;
  const loss = lost.then(({ reason, message }): never => {
    isLost = true;
    throw new Error(`the GPU's device was lost (${message.trim().split("\n")[0] || reason})`);
  });
  loss.catch(() => {});
  return {
    inputNames: session.inputNames,
    run: (...args) => Promise.race([session.run(...args), loss]),
    release: async () => {
      if (!isLost) await session.release();
    },
  };
}
