/** Sessions in a tab, replacing `runtime/start_thread.ts`: the tab's own worker holds them. @module */
import type { Provider } from "../../../ops/onnx/model.ts";
import { inThisThread, type StartThread } from "../../runtime/thread.ts";
import { type AdapterLimits, webLibrary, type WebRuntime } from "../../runtime/web_library.ts";
import { adapterHere } from "./adapter.ts";

/** The builds of ONNX Runtime, beside this script. */
const builds: Readonly<Record<Provider, string>> = {
  cpu: "ort.wasm.bundle.min.mjs",
  webgpu: "ort.webgpu.bundle.min.mjs",
  cuda: "",
};

/** WebAssembly maps no files: each session has its own copy. */
export const mapsWeights = false;

/** What this browser's adapter takes. */
async function limitsHere(): Promise<AdapterLimits | undefined> {
  return (await adapterHere())?.limits;
}

/** Starts what holds sessions. */
export const startThread: StartThread = inThisThread(webLibrary(
  (provider): Promise<WebRuntime> => import(new URL(`onnxruntime/${builds[provider]}`, import.meta.url).href),
  limitsHere,
));
