/**
 * The worker that holds ONNX Runtime's sessions. A session's creation and its runs block this thread and no other.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { ownValue } from "../../ops/program/own_value.ts";
import type { OnnxModel } from "../../ops/onnx/model.ts";
import { bindingFolder } from "./binding.ts";
import * as ort from "./onnx_runtime.ts";
import { missingLibraries, providerRuntimes } from "./providers.ts";
import type { HostTensor } from "../common/host_tensor.ts";
import { ResidentRows, type ResidentUse } from "./resident_rows.ts";
import type { Reply, Request, RunReply, SessionSettings } from "./protocol.ts";

ort.env.logLevel = "fatal";

const sessions = new Map<number, ort.InferenceSession>();
const residents = new Map<number, ResidentRows>();

/** Optimizers that would keep a float32 copy of weights stored in 16 bits. */
const copyingOptimizers = [
  "ConstantFolding",
  "CommonSubexpressionElimination",
  "FuseFp16InitializerToFp32NodeTransformer",
];

function sessionOptions(
  { provider }: OnnxModel,
  { threads, keepsMemory, prepacks, device }: SessionSettings,
): ort.InferenceSession.SessionOptions {
  const session: Record<string, string> = {
    // Weights are mapped from their safetensors files in place; a prepacked copy would be private memory.
    model_external_initializers_file_folder_path: "/",
    disable_prepacking: prepacks ? "0" : "1",
  };
  if (!providerRuntimes[provider].isCpu) session["disable_cpu_ep_fallback"] = "1";
  return {
    // There is one WebGPU adapter in a process, which has no number.
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

async function open(id: number, model: OnnxModel, settings: SessionSettings): Promise<void> {
  const { libraries } = providerRuntimes[model.provider];
  const missing = libraries === undefined ? undefined : missingLibraries(model.provider, bindingFolder());
  if (missing !== undefined) throw new Error(missing);
  sessions.set(id, await ort.InferenceSession.create(model.bytes, sessionOptions(model, settings)));
}

async function run(
  session: number,
  feeds: Record<string, HostTensor>,
  use: ResidentUse | undefined,
): Promise<RunReply> {
  const found = sessions.get(session);
  if (found === undefined) throw new Error(`session ${session} is closed`);
  const resident = use === undefined ? undefined : residents.getOrInsertComputed(use.id, () => new ResidentRows(use));
  if (use !== undefined) {
    resident?.grow(use.rows, use.tokens);
    resident?.move(use.moves, residents);
  }
  const known = new Set(found.inputNames), read = use === undefined || use.reads === 0 ? [] : resident!.read(use.reads);
  const fed = Object.fromEntries(
    [...Object.entries(feeds).filter(([name]) => known.has(name)), ...read].map(([name, { data, shape }]) => [
      name,
      data instanceof Float32Array ? new ort.Tensor("float32", data, shape) : new ort.Tensor("int64", data, shape),
    ]),
  );
  const start = performance.now();
  const results = await found.run(fed);
  const seconds = (performance.now() - start) / 1000;
  const outputs = Object.fromEntries(
    Object.entries(results).map((
      [name, { data, dims }],
    ) => [name, { data: data as Float32Array<ArrayBuffer>, shape: dims }]),
  );
  for (const { tensors, rows, into } of use?.writes ?? []) {
    const written = into === undefined
      ? resident
      : residents.getOrInsertComputed(into.id, () => new ResidentRows(use!));
    if (into !== undefined) written?.grow(into.rows, into.tokens);
    for (const [source, target] of tensors) {
      written?.write(target, (ownValue(outputs, source) ?? ownValue(feeds, source))!, rows);
    }
  }
  const written = new Set(use?.writes.flatMap(({ tensors }) => tensors.map(([source]) => source)));
  const given = Object.entries(outputs).filter(([name]) => !written.has(name));
  return { outputs: Object.fromEntries(given), feeds, seconds };
}

async function answer(request: Request): Promise<RunReply | null> {
  if (request.kind === "run") return await run(request.session, request.feeds, request.resident);
  if (request.kind === "open") await open(request.id, request.model, request.settings);
  else if (request.kind === "free") residents.delete(request.resident);
  else {
    await sessions.get(request.session)?.release();
    sessions.delete(request.session);
  }
  return null;
}

function buffersOf(reply: RunReply | null): ArrayBuffer[] {
  if (reply === null) return [];
  const tensors = [...Object.values(reply.outputs), ...Object.values(reply.feeds)];
  return [...new Set(tensors.map((tensor) => tensor.data.buffer))];
}

self.onmessage = async ({ data: request }: MessageEvent<Request>) => {
  try {
    const value = await answer(request);
    const reply: Reply = { id: request.id, kind: "done", value };
    self.postMessage(reply, buffersOf(value));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const reply: Reply = {
      id: request.id,
      kind: "failed",
      message,
      provider: request.kind === "open" ? request.model.provider : null,
    };
    self.postMessage(reply);
  }
};
