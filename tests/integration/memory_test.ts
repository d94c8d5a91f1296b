/**
 * The memory of a training and an evaluation on SmolLM2: weights of 32 and of 16 bits stay in their files, and not all
 * activations of long prompts are kept.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeSafetensors } from "../../pipelines/models/weights/safetensors_writer.ts";
import type { Results } from "../../pipelines/results/results.ts";
import { ownArguments } from "../support/command.ts";
import { sharedFolder, smollm2Folder, type StoredType } from "../support/shared.ts";

const shared = sharedFolder();
const sampler = fileURLToPath(new URL("../support/peak_memory.py", import.meta.url));

const pipelineText = (model: string, data: string, quantize?: string) => `
import { adamw, baseModel, block, evaluate, exactMatch, greedy, jsonl, loreft, loss, pipeline, train } from "refract";

export default pipeline("memory", () => {
  const edited = baseModel(${JSON.stringify(model)}, ${
  JSON.stringify({ quantize })
}).with(loreft({ at: block(15).output, positions: "l1", rank: 4 }));
  const data = jsonl(${JSON.stringify(data)}, { prompt: "{instruction}\\n", completion: "{output}" }).take(32);
  const tuned = train(edited, { data, epochs: 1, batchSize: 8, optimizer: adamw({ learningRate: 9e-4 }) });
  const decoding = greedy({ maxNewTokens: 4 });
  // One row at a time: for batches, the decode program packs its weights, an intended copy.
  return { tuned: evaluate(tuned, { data: data.take(4), decoding, metrics: [exactMatch(), loss()], batchSize: 1 }) };
});
`;

interface Measured {
  /** The peak of the process's own pages in MB. */
  readonly own: number;
  readonly losses: readonly number[];
}

async function measure(dtype: StoredType, quantize?: "q4" | "q8"): Promise<Measured> {
  const model = await smollm2Folder(shared!, dtype);
  return await measureRun(pipelineText(model, questions(), quantize));
}

const questions = () => join(shared!, "data", "arc_easy.train.jsonl");

/** A run of a pipeline that trains once. */
async function measureRun(pipeline: string, ...options: readonly string[]): Promise<Measured> {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "memory.ts"), peaks = join(folder, "peaks.json");
    await Deno.writeTextFile(file, pipeline);
    const places = ["--store", join(folder, "store"), "--out", join(folder, "run"), "--threads", "2"];
    const command = [Deno.execPath(), ...ownArguments(["run", file, "--json", ...places, ...options])];
    const { code, stdout, stderr } = await new Deno.Command("python3", { args: [sampler, peaks, ...command] }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assert.equal(code, 0, text(stderr));
    const { members: [member] }: Results = JSON.parse(text(stdout));
    const training = member!.stages.find((stage) => stage.kind === "train");
    const { own } = JSON.parse(await Deno.readTextFile(peaks));
    return { own: own / 1e6, losses: training!.losses };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "a training and an evaluation copy neither 32-bit nor 16-bit weights",
  ignore: shared === undefined || Deno.build.os !== "linux",
  async fn() {
    const wide = await measure("f32");
    console.log(`  private memory of ${wide.own.toFixed(0)} MB with f32 weights`);
    assert.ok(wide.own > 0 && wide.own <= 1000);
    const kinds = [["bf16", undefined], ["f16", undefined], ["f32", "q8"], ["f32", "q4"]] as const;
    for (const [dtype, quantize] of kinds) {
      const narrow = await measure(dtype, quantize), what = quantize ?? dtype;
      const found = `private memory of ${narrow.own.toFixed(0)} MB with ${what} weights`;
      console.log(`  ${found}`);
      // A hidden copy in float32 would be 540 MB, or 425 MB of only the projections.
      assert.ok(narrow.own <= wide.own + 300, found);
      const most = quantize === undefined ? 0.02 : quantize === "q8" ? 0.05 : 0.35;
      narrow.losses.forEach((loss, step) =>
        assert.ok(Math.abs(loss / wide.losses[step]! - 1) < most, `${what} ${loss}`)
      );
    }
  },
});

/** One step over one prompt of about 2,000 tokens, edited in every block from its first tokens on. */
const longText = (model: string, prompt: string) => `
import { adamw, baseModel, block, loreft, pipeline, records, train } from "refract";

export default pipeline("long", () => {
  const edited = baseModel(${
  JSON.stringify(model)
}).with(loreft({ at: block("all").output, positions: "f7+l7", rank: 4 }));
  const data = records([${
  JSON.stringify({ prompt, completion: "answer1" })
}], { prompt: "{prompt}", completion: "{completion}" });
  return { tuned: train(edited, { data, epochs: 1, batchSize: 1, optimizer: adamw({ learningRate: 9e-4 }) }) };
});
`;

Deno.test({
  name: "a step over a long prompt recomputes blocks where its activations would not fit",
  ignore: shared === undefined || Deno.build.os !== "linux",
  async fn() {
    const prompt = (await Deno.readTextFile(questions())).slice(0, 9000), model = await smollm2Folder(shared!, "f32");
    const { own, losses } = await measureRun(longText(model, prompt), "--activation-memory", "300MB");
    console.log(`  private memory of ${own.toFixed(0)} MB with a long prompt`);
    assert.ok(losses.every(Number.isFinite));
    // All activations for the gradient would be 2.2 GB.
    assert.ok(own > 0 && own <= 1000, `${own} MB`);
  },
});

/** Writes a LoRA of the query projections in peft's format. */
async function writeLora(folder: string, model: string): Promise<void> {
  const { hidden_size: width, num_hidden_layers: blocks } = JSON.parse(
    await Deno.readTextFile(join(model, "config.json")),
  );
  const rank = 4, drawn = (length: number) => Float32Array.from({ length }, (_, at) => 0.01 * Math.sin(at));
  const tensors = Array.from({ length: blocks }, (_, block) =>
    (["A", "B"] as const).map((side) => ({
      name: `base_model.model.model.layers.${block}.self_attn.q_proj.lora_${side}.weight`,
      shape: side === "A" ? [rank, width] : [width, rank],
      data: drawn(rank * width),
    }))).flat();
  const config = { peft_type: "LORA", task_type: "CAUSAL_LM", base_model_name_or_path: model, r: rank, lora_alpha: 8 };
  await Deno.mkdir(folder);
  await Deno.writeTextFile(
    join(folder, "adapter_config.json"),
    JSON.stringify({ ...config, target_modules: ["q_proj"] }),
  );
  await Deno.writeFile(join(folder, "adapter_model.safetensors"), new Blob(encodeSafetensors(tensors)).stream());
}

Deno.test({
  name: "a merge has one projection in memory at a time, for any storage type",
  ignore: shared === undefined || Deno.build.os !== "linux",
  async fn() {
    const folder = await Deno.makeTempDir(), model = await smollm2Folder(shared!, "f32");
    try {
      await writeLora(join(folder, "adapter"), model);
      const imported = ownArguments(["import", join(folder, "adapter"), "--out", join(folder, "imported")]);
      assert.ok((await new Deno.Command(Deno.execPath(), { args: imported }).output()).success);
      for (const dtype of ["f32", "bf16"]) {
        const out = join(folder, dtype), peaks = join(folder, "peaks.json");
        const merge = ownArguments(["merge", join(folder, "imported"), "--out", out, "--dtype", dtype]);
        const { success, stderr } = await new Deno.Command("python3", {
          args: [sampler, peaks, Deno.execPath(), ...merge],
        }).output();
        assert.ok(success, new TextDecoder().decode(stderr));
        const own = JSON.parse(await Deno.readTextFile(peaks)).own / 1e6;
        console.log(`  private memory of ${own.toFixed(0)} MB to merge into ${dtype}`);
        // All weights are 538 MB, the embedding table alone is 113 MB.
        assert.ok(own > 0 && own <= 300, `${own} MB`);
        await Deno.remove(out, { recursive: true });
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
