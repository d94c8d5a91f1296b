/**
 * LoRA adapters and control vectors in llama.cpp, prebuilt in npm's node-llama-cpp 3.22.1: with stories260k in float32
 * the logits are within 1e-4. REFRACT_PEER_PYTHON names a Python that has gguf, numpy and safetensors.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { adamw, baseModel, block, jsonl, lobireft, lora, type Model, pipeline, train } from "refract";
import { largestGap, logitsOf, succeeds } from "../pipelines/interchange/peft/support.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { packagesFolder } from "../support/packages.ts";
import { sharedFolder } from "../support/shared.ts";
import { runIn } from "../support/trajectory.ts";

const shared = sharedFolder(), python = Deno.env.get("REFRACT_PEER_PYTHON");
if (python === undefined) console.log("REFRACT_PEER_PYTHON is not set: llama.cpp is not compared with");
const script = fileURLToPath(new URL("llama_cpp_peer.py", import.meta.url));
const ids = [1, 403, 407, 261, 378, 12, 99, 500, 3, 271];
const every = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

const adapted: Readonly<Record<string, (base: Model) => Model>> = {
  lora: (base) => base.with(lora({ rank: 3, alpha: 6, modules: every })),
  unequal: (base) => base.with(lora({ rank: 2, blocks: [0] }), lora({ rank: 5, alpha: 1, blocks: [1, 4] })),
  vector: (base) => base.with(lobireft({ at: block([1, 3, 4]).output, positions: "all+completion", rank: 2 })),
};

Deno.test({
  name: "LoRA adapters and control vectors have the same logits in llama.cpp as in Refract",
  ignore: shared === undefined || python === undefined || Deno.build.os !== "linux" || Deno.build.arch !== "x86_64",
  async fn() {
    const packages = await packagesFolder(["@node-llama-cpp/linux-x64@3.22.1"]);
    if (packages === undefined) return;
    const libraries = join(packages, "node_modules", "@node-llama-cpp", "linux-x64", "bins", "linux-x64");
    await inFolder(async (scratch) => {
      const model = join(shared!, "models", "stories260k"), exported = join(scratch, "exported");
      const template = { prompt: "{instruction}\n", completion: "{answer}" };
      const data = jsonl(join(shared!, "data", "multiarith.test.jsonl"), template).take(8);
      const optimizer = adamw({ learningRate: 0.05 }), base = ["--model", model];
      const logits: Record<string, readonly Float32Array[]> = { base: await logitsOf(scratch, model, ids) };
      for (const [name, edited] of Object.entries(adapted)) {
        const run = pipeline("adapters", () => ({
          tuned: train(edited(baseModel(model)), { data, epochs: 3, batchSize: 4, optimizer }),
        }));
        await runIn(join(scratch, name), scratch, run);
        const trained = join(scratch, name, "out");
        await succeeds("export", trained, "--to", "gguf", "--out", join(exported, `${name}.gguf`), ...base);
        logits[name] = await logitsOf(scratch, trained, ids, ...base);
      }
      const command = new Deno.Command(python!, { args: ["-B", script, libraries, model, exported, ids.join()] });
      const { success, stdout, stderr } = await command.output();
      assert.ok(success, new TextDecoder().decode(stderr));
      const found: Record<string, readonly (readonly number[])[]> = JSON.parse(new TextDecoder().decode(stdout));
      const plain = found["base"]!.flat();
      for (const [name, expected] of Object.entries(logits)) {
        const gap = largestGap(found[name]!.flat(), expected.flatMap((row) => [...row]));
        console.log(`${name}: logits differ by ${gap.toExponential(1)} at most`);
        assert.ok(gap <= 1e-4, `${name}: logits differ by ${gap}`);
        if (name !== "base") assert.ok(largestGap(found[name]!.flat(), plain) > 0.1, `${name} changes nothing`);
      }
    });
  },
});
