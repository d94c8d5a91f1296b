/** Messages when a provider is unavailable. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { explainRefusal, missingLibraries } from "../../../pipelines/runtime/providers.ts";
import { inFolder } from "../models/support.ts";

Deno.test("missing libraries are named with their package and their required location", () =>
  inFolder(async (binding) => {
    const lacks = (names: string) =>
      `The cuda provider lacks ${names} in ${binding}; deno task doctor --install installs them, or use --provider cpu`;
    const [shared, own] = ["libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so"];
    assert.equal(missingLibraries("cuda", binding, "linux"), lacks(`${shared} and ${own}`));
    assert.match(missingLibraries("cuda", binding, "windows")!, /get them from ONNX Runtime 1.30's GPU package/);
    await Deno.writeTextFile(join(binding, shared), "");
    assert.equal(missingLibraries("cuda", binding, "linux"), lacks(own));
    await Deno.writeTextFile(join(binding, own), "");
    assert.equal(missingLibraries("cuda", binding, "linux"), undefined);
  }));

Deno.test("a provider that does not exist on an operating system is refused, and a bundled one is not", () => {
  assert.equal(
    missingLibraries("cuda", "/", "darwin"),
    "The cuda provider does not exist on darwin; use --provider cpu",
  );
  for (const provider of ["cpu", "webgpu"] as const) assert.equal(missingLibraries(provider, "/", "darwin"), undefined);
});

Deno.test("a refusal is one line, with a remedy where it is known", () => {
  assert.equal(
    explainRefusal("webgpu", "Failed to get a WebGPU adapter.\nat line 3"),
    "The webgpu provider found no GPU adapter; install a Vulkan driver, or use --provider cpu",
  );
  assert.equal(explainRefusal("cuda", "The cuda provider lacks it"), "The cuda provider lacks it");
  assert.equal(
    explainRefusal("cuda", "no WebGPU adapter\nat line 3"),
    "ONNX Runtime refused a program for cuda: no WebGPU adapter",
  );
});
