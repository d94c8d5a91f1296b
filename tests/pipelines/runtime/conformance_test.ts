/** Both of ONNX Runtime's packages behind the runtime's interface. @module */
import assert from "node:assert/strict";
import { emitOnnx } from "../../../ops/emission/emit.ts";
import { neg } from "../../../ops/operators.ts";
import { weight } from "../../../ops/program/program.ts";
import { Runtime } from "../../../pipelines/runtime/runtime.ts";
import { inThisThread } from "../../../pipelines/runtime/thread.ts";
import { webLibrary } from "../../../pipelines/runtime/web_library.ts";
import { conforms } from "./conformance.ts";

Deno.test("onnxruntime-node conforms", (t) => conforms(t, () => new Runtime({ threads: 1 }), 1e-6));

Deno.test("onnxruntime-web conforms, by WebAssembly", async (t) => {
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
    /no room for 4.00 GB of weights.*32-bit addresses leave 3.50 GB; choose a smaller/,
  );
  await assert.rejects(opened("webgpu", 2e8), /takes 100 MB in one buffer, and a weight has 200 MB; choose a smaller/);
  await assert.rejects(opened("webgpu", 1e8), /it was loaded/);
});
