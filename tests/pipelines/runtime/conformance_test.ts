/** Both of ONNX Runtime's packages behind the runtime's interface. @module */
import assert from "node:assert/strict";
import { emitOnnx } from "../../../ops/emission/emit.ts";
import { neg } from "../../../ops/operators.ts";
import { parameter, weight } from "../../../ops/program/program.ts";
import { DeviceError } from "../../../pipelines/common/errors.ts";
import { Runtime } from "../../../pipelines/runtime/runtime.ts";
import { inThisThread } from "../../../pipelines/runtime/thread.ts";
import { webLibrary, type WebRuntime } from "../../../pipelines/runtime/web_library.ts";
import { conforms } from "./conformance.ts";

Deno.test("onnxruntime-node conforms", (t) => conforms(t, () => new Runtime({ threads: 1 }), 1e-6));

Deno.test("onnxruntime-web conforms with WebAssembly", async (t) => {
  const library = webLibrary(() => import("onnxruntime-web/wasm"));
  await conforms(t, () => new Runtime({ threads: 1 }, inThisThread(library)), 1e-6);
});

Deno.test("onnxruntime-web refuses a model that exceeds its memory or the GPU's adapter", async () => {
  const limits = { maxBufferSize: 1e9, maxStorageBufferBindingSize: 1e8 };
  const library = webLibrary(() => Promise.reject(new Error("it was loaded")), () => Promise.resolve(limits));
  using runtime = new Runtime({ threads: 1 }, inThisThread(library));
  const program = { name: "large", outputs: { y: neg(weight("w", [2 ** 28])) } };
  const opened = (provider: "cpu" | "webgpu", length: number) => {
    return runtime.open(emitOnnx(program, provider, () => ({ location: "w", offset: 0, length })));
  };
  await assert.rejects(
    opened("cpu", 4e9),
    /which has 4.00 GB of weights, and .*32-bit addresses leave 3.50 GB; choose a smaller/,
  );
  await assert.rejects(
    opened("webgpu", 2e8),
    /has buffers of at most 100 MB, but a weight has 200 MB; choose a smaller/,
  );
  await assert.rejects(opened("webgpu", 1e8), /it was loaded/);
});

Deno.test("onnxruntime-web reports a lost GPU device, in the middle of a run and from then on", async () => {
  const ort = await import("onnxruntime-web/wasm"),
    losing = Promise.withResolvers<{ reason: string; message: string }>();
  // A run that waits for a lost device.
  const session = { inputNames: ["x"], run: () => new Promise(() => {}), release: () => new Promise(() => {}) };
  const webgpu = { ...ort.env.webgpu, device: Promise.resolve({ lost: losing.promise }) };
  const library = webLibrary(() => {
    const waits: unknown = { ...ort, env: { ...ort.env, webgpu }, InferenceSession: { create: () => session } };
    return Promise.resolve(waits as WebRuntime);
  });
  using runtime = new Runtime({ threads: 1, device: { name: "webgpu", number: undefined } }, inThisThread(library));
  const x = parameter("x", [1]);
  const opened = await runtime.open(emitOnnx({ name: "waits", outputs: { y: neg(x) } }, "webgpu", () => ({
    location: "",
    offset: 0,
    length: 0,
  })));
  const fed = () => opened.run({ x: { data: Float32Array.of(1), shape: [1] } });
  const running = fed();
  losing.resolve({ reason: "unknown", message: "The process died.\n  at once" });
  const isSaid = (error: unknown) => error instanceof DeviceError && /lost \(The process died\.\)$/.test(error.message);
  await assert.rejects(running, isSaid);
  await assert.rejects(fed(), /device was lost/);
  await opened.close();
});
