/**
 * Adapters that peft saves and loads, and merged models that transformers loads, with stories260k: whichever side wrote
 * the folder, the logits are within 1e-4. REFRACT_PEER_PYTHON names a Python that has peft, torch and transformers.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  adamw,
  baseModel,
  bitfit,
  block,
  dora,
  ia3,
  jsonl,
  lora,
  loreft,
  type Model,
  pipeline,
  prefixTuning,
  train,
} from "refract";
import { largestGap, logitsOf, succeeds } from "../pipelines/interchange/peft/support.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { sharedFolder } from "../support/shared.ts";
import { runIn } from "../support/trajectory.ts";

const shared = sharedFolder(), python = Deno.env.get("REFRACT_PEER_PYTHON");
if (python === undefined) console.log("REFRACT_PEER_PYTHON is not set: peft is not compared with");
const ignore = shared === undefined || python === undefined;
const script = fileURLToPath(new URL("peft_peer.py", import.meta.url));
const ids = [1, 403, 407, 261, 378, 12, 99, 500, 3, 271];

type Logits = readonly (readonly number[])[];

async function peer<Found>(...args: readonly string[]): Promise<Found> {
  const command = new Deno.Command(python!, { args: ["-B", script, ...args, ids.join()] });
  const { success, stdout, stderr } = await command.output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

function requireClose(name: string, found: readonly Float32Array[], expected: Logits): void {
  const gap = largestGap(found.flatMap((row) => [...row]), expected.flat());
  console.log(`${name}: logits differ by ${gap.toExponential(1)} at most`);
  assert.ok(gap <= 1e-4, `${name}: logits differ by ${gap}`);
}

Deno.test({
  name: "adapters that peft saved have peft's logits",
  ignore,
  fn: () =>
    inFolder(async (scratch) => {
      const model = join(shared!, "models", "stories260k"), saved = join(scratch, "saved");
      for (const [name, expected] of Object.entries(await peer<Record<string, Logits>>("save", model, saved))) {
        const imported = join(scratch, name);
        await succeeds("import", join(saved, name), "--out", imported);
        requireClose(name, await logitsOf(scratch, imported, ids), expected);
      }
    }),
});

const adapters: Readonly<Record<string, (base: Model) => Model>> = {
  lora: (base) => base.with(lora({ rank: 3, alpha: 6, modules: ["q_proj", "o_proj", "down_proj"] })),
  rslora: (base) => base.with(lora({ rank: 8, alpha: 2, rankStabilized: true, blocks: [0, 3] })),
  unequal: (base) =>
    base.with(lora({ rank: 2, blocks: [0] }), lora({ rank: 5, alpha: 1, blocks: [1, 4], modules: ["up_proj"] })),
  dora: (base) => base.with(dora({ rank: 4, blocks: [1, 2] })),
  ia3: (base) => base.with(ia3({ blocks: [0, 2] })),
  prefix: (base) => base.with(prefixTuning({ tokens: 4 })),
};

/** Trains a model in a new folder. */
async function trainedIn(folder: string, adapted: (base: Model) => Model): Promise<string> {
  const model = join(shared!, "models", "stories260k");
  const data = jsonl(join(shared!, "data", "multiarith.test.jsonl"), {
    prompt: "{instruction}\n",
    completion: "{answer}",
  });
  const optimizer = adamw({ learningRate: 0.05 });
  const run = pipeline("adapters", () => ({
    tuned: train(adapted(baseModel(model)), { data: data.take(8), epochs: 3, batchSize: 4, optimizer }),
  }));
  await runIn(folder, folder, run);
  return join(folder, "out");
}

Deno.test({
  name: "adapters that Refract trained have the same logits in peft",
  ignore,
  fn: () =>
    inFolder(async (scratch) => {
      const model = join(shared!, "models", "stories260k"), base = ["--model", model];
      const logits: Record<string, readonly Float32Array[]> = {};
      for (const [name, adapted] of Object.entries(adapters)) {
        const trained = await trainedIn(join(scratch, name), adapted);
        await succeeds("export", trained, "--to", "peft", "--out", join(scratch, "exported", name), ...base);
        logits[name] = await logitsOf(scratch, trained, ids, ...base);
      }
      const loaded = await peer<Record<string, Logits>>("load", model, join(scratch, "exported"));
      for (const [name, found] of Object.entries(logits)) requireClose(name, found, loaded[name]!);
    }),
});

const { prefix: _, ...mergeable } = adapters;
const merged: typeof adapters = {
  ...mergeable,
  biases: (base) => base.with(bitfit({ modules: ["v_proj", "down_proj"] }), lora({ rank: 2 })),
  edit: (base) => base.with(loreft({ at: block([1, 3]).mlp.output, positions: "all+completion", rank: 2 })),
};

Deno.test({
  name: "models that Refract merged have the same logits in transformers",
  ignore,
  fn: () =>
    inFolder(async (scratch) => {
      const base = ["--model", join(shared!, "models", "stories260k")];
      const logits: Record<string, readonly Float32Array[]> = {};
      for (const [name, adapted] of Object.entries(merged)) {
        const trained = await trainedIn(join(scratch, name), adapted), out = join(scratch, "merged", name);
        await succeeds("merge", trained, "--out", out, "--shard-size", "500kB", ...base);
        logits[name] = await logitsOf(scratch, trained, ids, ...base);
      }
      const loaded = await peer<Record<string, Logits>>("bare", join(scratch, "merged"));
      for (const [name, found] of Object.entries(logits)) requireClose(name, found, loaded[name]!);
    }),
});
