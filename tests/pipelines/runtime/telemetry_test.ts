/** The library's telemetry is turned off, with the permissions of the tests. @module */
import assert from "node:assert/strict";
import "../../../pipelines/runtime/onnx_runtime.ts";

Deno.test({
  name: "native code finds ONNX Runtime's telemetry turned off",
  ignore: Deno.build.os === "windows",
  fn() {
    const file = Deno.build.os === "darwin" ? "/usr/lib/libSystem.B.dylib" : "libc.so.6";
    const libc = Deno.dlopen(file, { getenv: { parameters: ["buffer"], result: "pointer" } });
    const found = libc.symbols.getenv(new TextEncoder().encode("ORT_DISABLE_TELEMETRY\0"));
    assert.equal(found === null ? undefined : Deno.UnsafePointerView.getCString(found), "1");
    libc.close();
  },
});
