import assert from "node:assert/strict";
import { join } from "node:path";
import { RunContext } from "../../../../pipelines/schedule/context/run_context.ts";
import { writeModel } from "../../../bench/gpu_models.ts";
import { inFolder } from "../../models/support.ts";

Deno.test("WebGPU reads bfloat16 weights as float32 copies in the store, without changing any number", () =>
  inFolder(async (folder) => {
    await writeModel(join(folder, "model"), "tiny", "bfloat16");
    const entries: number[] = [];
    for (const provider of ["webgpu", "webgpu", "cpu"] as const) {
      const options = { base: folder, store: join(folder, "store"), provider, threads: 1, emit: () => {} };
      await using runContext = new RunContext(options);
      const model = await runContext.models.model("./model"), weights = await runContext.models.weights(model);
      const name = "model.layers.0.self_attn.q_proj.weight", { location, offset, length } = weights.locate(name);
      const stored = await Deno.readFile(`/${location}`), bytes = stored.slice(offset, offset + length);
      const numbers = await weights.read(name);
      if (provider === "cpu") {
        assert.equal(weights.storedType(name), "bfloat16");
        assert.equal(bytes.length, 2 * numbers.length);
      } else {
        assert.equal(weights.storedType(name), "float32");
        assert.deepEqual(new Float32Array(bytes.buffer), numbers);
        // A plan finds the same digest as a run.
        assert.equal((await runContext.models.peekWeights(model))?.digest, weights.digest);
      }
      entries.push(runContext.store.entries().filter(({ kind }) => kind === "widen").length);
    }
    assert.deepEqual(entries, [1, 1, 1]);
  }));
