/** Both of ONNX Runtime's packages behind the runtime's interface. @module */
import { Runtime } from "../../../pipelines/runtime/runtime.ts";
import { inThisThread } from "../../../pipelines/runtime/thread.ts";
import { webLibrary } from "../../../pipelines/runtime/web_library.ts";
import { conforms } from "./conformance.ts";

Deno.test("onnxruntime-node conforms", (t) => conforms(t, () => new Runtime({ threads: 1 }), 1e-6));

Deno.test("onnxruntime-web conforms, by WebAssembly", async (t) => {
  const library = webLibrary(() => import("onnxruntime-web/wasm"));
  await conforms(t, () => new Runtime({ threads: 1 }, inThisThread(library)), 1e-6);
});
