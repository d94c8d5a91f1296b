/** Exports for llama.cpp, EasySteer and vLLM: the content of their files, and what is refused in one line. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readGguf } from "../../../pipelines/models/gguf/reader.ts";
import { readTorchFile } from "../../../pipelines/interchange/torch_file.ts";
import { inProcess, treeOf } from "../../support/command.ts";
import { inScene, type PipelineParts, type Scene } from "../../support/scene.ts";
import { largestGap, savedByPeft, succeeds, tensorsOf } from "../interchange/peft/support.ts";
import { inFolder } from "../models/support.ts";

/** A GGUF file's metadata, and its tensors' elements and shapes, outermost dimension first. */
async function readFloats(path: string) {
  const { metadata, tensors } = await readGguf(path), bytes = await Deno.readFile(path);
  const floats = [...tensors.values()].map(({ name, shape, offset, bytes: length, type }) => {
    assert.equal(type.name, "F32");
    return [name, { shape, data: new Float32Array(bytes.slice(offset, offset + length).buffer) }] as const;
  });
  return { metadata: Object.fromEntries(metadata), tensors: Object.fromEntries(floats) };
}

Deno.test("a LoRA adapter in GGUF has llama.cpp's names, scale and order of rows", () =>
  inFolder(async (folder) => {
    const imported = join(folder, "imported"), out = join(folder, "deep", "adapter.gguf");
    await succeeds("import", savedByPeft("lora"), "--out", imported);
    const { stdout } = await succeeds("export", imported, "--to", "gguf", "--out", out);
    assert.equal(stdout, `4 adaptations in ${out}, a LoRA adapter\n`);
    const { metadata, tensors } = await readFloats(out), own = await tensorsOf(join(imported, "weights.safetensors"));
    assert.deepEqual(metadata, {
      "general.architecture": "llama",
      "general.type": "adapter",
      "adapter.type": "lora",
      "adapter.lora.alpha": 6,
    });
    assert.deepEqual(
      Object.keys(tensors),
      [1, 3].flatMap((block) => {
        return ["q", "v"].flatMap((part) => ["a", "b"].map((side) => `blk.${block}.attn_${part}.weight.lora_${side}`));
      }),
    );
    const [a, b] = ["a", "b"].map((side) => tensors[`blk.1.attn_q.weight.lora_${side}`]!) as [Floats, Floats];
    assert.deepEqual([a.shape, [...a.data]], [[2, 128], own["0.lora_A"]!.data]);
    // Rows 0 and 16 of a head of 32 are the first rotated pair.
    const row = (data: ArrayLike<number>, at: number) => Array.from(data).slice(2 * at, 2 * at + 2);
    for (const [stored, plain] of [[0, 0], [1, 16], [2, 1], [3, 17], [32, 32], [33, 48]] as const) {
      assert.deepEqual(row(b.data, stored), row(own["0.lora_B"]!.data, plain));
    }
    const value = tensors["blk.1.attn_v.weight.lora_b"]!;
    assert.deepEqual([...value.data], own["1.lora_B"]!.data);
  }));

type Floats = { readonly shape: readonly number[]; readonly data: Float32Array };

Deno.test("different scalings are folded into an adapter's weights", () =>
  inFolder(async (folder) => {
    const imported = join(folder, "imported"), out = join(folder, "adapter.gguf");
    await succeeds("import", savedByPeft("rslora"), "--out", imported);
    await succeeds("export", imported, "--to", "gguf", "--out", out);
    const { metadata, tensors } = await readFloats(out), own = await tensorsOf(join(imported, "weights.safetensors"));
    assert.equal(metadata["adapter.lora.alpha"], 0);
    const up = tensors["blk.0.ffn_up.weight.lora_b"]!,
      { interventions } = JSON.parse(
        await Deno.readTextFile(join(imported, "intervention.json")),
      );
    const { index, scaling } = interventions.find(({ block, module }: Record<string, unknown>) => {
      return block === 0 && module === "mlp.up_proj";
    });
    const expected = own[`${index}.lora_B`]!.data.map((value) => scaling * value);
    assert.ok(largestGap(up.data, expected) < 1e-6);
  }));

const everywhere = { positions: `"all+completion"`, optimizer: "adamw({ learningRate: 0.3 })" };
const shift: Partial<PipelineParts> = { edit: "refract.lobireft", ...everywhere };

/** Exports the scene's trained intervention. */
const exporting = (scene: Scene, to: string, out: string, ...options: readonly string[]) =>
  inProcess("export", scene.path("out"), "--to", to, "--out", scene.path(out), ...options);

async function trained(parts: Partial<PipelineParts>, test: (scene: Scene) => Promise<void>): Promise<void> {
  await inScene(parts, async (scene) => {
    const { code, stderr } = await scene.run();
    assert.equal(code, 0, stderr);
    await Deno.remove(scene.path("model", "tokenizer.json"));
    await Deno.remove(scene.path("model", "model.safetensors"));
    await test(scene);
  });
}

/** The vector that LobiReFT adds: the rotation times the bias. */
async function shiftOf(scene: Scene): Promise<number[]> {
  const own = await tensorsOf(scene.path("out", "members", "main", "intervention", "weights.safetensors"));
  const { "0.rotate": rotate, "0.bias": bias } = own, [width = 0, rank = 0] = rotate!.shape;
  return Array.from({ length: width }, (_, row) => {
    return bias!.data.reduce((sum, value, at) => sum + value * rotate!.data[row * rank + at]!, 0);
  });
}

Deno.test("an edit that adds a vector is exported as a control vector for llama.cpp and EasySteer, with only config.json", () =>
  trained(shift, async (scene) => {
    const expected = await shiftOf(scene);
    assert.equal((await exporting(scene, "gguf", "vector.gguf")).code, 0);
    assert.equal((await exporting(scene, "easysteer", "easysteer")).code, 0);
    assert.deepEqual(treeOf(scene.path("easysteer")), ["direction.gguf", "steering.json"]);
    for (const path of ["vector.gguf", "easysteer/direction.gguf"]) {
      const { metadata, tensors } = await readFloats(scene.path(path));
      assert.equal(metadata["general.architecture"], "controlvector");
      assert.equal(metadata["controlvector.model_hint"], "llama");
      assert.deepEqual(Object.keys(tensors), ["direction.1"]);
      assert.deepEqual(tensors["direction.1"]!.shape, [expected.length]);
      assert.ok(largestGap(tensors["direction.1"]!.data, expected) < 1e-6);
    }
    assert.deepEqual(JSON.parse(await Deno.readTextFile(scene.path("easysteer", "steering.json"))), {
      vectors: [{ path: "direction.gguf", algorithm: "direct", layer: 1, apply: { prompt: "all", generation: "all" } }],
    });
  }));

Deno.test("a LoReFT edit is exported to EasySteer as one pyreft folder for each of its sides", () =>
  trained({ positions: `"f2+l3"` }, async (scene) => {
    assert.equal((await exporting(scene, "easysteer", "easysteer")).code, 0);
    const bin = "intkey_layer_1_comp_block_output_unit_pos_nunit_1#0.bin";
    assert.deepEqual(treeOf(scene.path("easysteer")), [
      ...["prefix", "suffix"].flatMap((side) => {
        return [`layer_1_${side}/`, `layer_1_${side}/config.json`, `layer_1_${side}/${bin}`];
      }),
      "steering.json",
    ]);
    const { vectors } = JSON.parse(await Deno.readTextFile(scene.path("easysteer", "steering.json")));
    assert.deepEqual(vectors.map(({ apply }: { apply: unknown }) => apply), [
      { prompt_positions: [0, 1] },
      { prompt_positions: [-3, -2, -1] },
    ]);
    // What EasySteer's reader requires of a pyreft folder.
    const config = JSON.parse(await Deno.readTextFile(scene.path("easysteer", "layer_1_suffix", "config.json")));
    assert.deepEqual(config.representations, [[1, "block_output", "pos", 1, 2, ...new Array(9).fill(null)]]);
    assert.deepEqual(config.intervention_types, ["<class 'pyreft.interventions.LoreftIntervention'>"]);
    const state = await readTorchFile(scene.path("easysteer", "layer_1_suffix", bin));
    assert.deepEqual([...state.keys()].sort(), ["bias", "rotate_layer", "weight"]);
  }));

Deno.test("an edit for vLLM is exported with the module that reads its weights", () =>
  trained({ edit: "direft" }, async (scene) => {
    assert.equal((await exporting(scene, "vllm", "vllm")).code, 0);
    assert.deepEqual(treeOf(scene.path("vllm")), ["refract_reft.py", "reft.json", "reft.safetensors"]);
    assert.deepEqual(JSON.parse(await Deno.readTextFile(scene.path("vllm", "reft.json"))), {
      layer_indices: [1],
      position: "last",
      adapter: { hidden_size: 16, low_rank_dim: 2, activation: "linear" },
    });
    const found = await tensorsOf(scene.path("vllm", "reft.safetensors"));
    const own = await tensorsOf(scene.path("out", "members", "main", "intervention", "weights.safetensors"));
    const pairs = { "1.weight": "0.weight", "1.bias": "0.bias", "1.written": "0.proj" };
    for (const [name, from] of Object.entries(pairs)) assert.deepEqual(found[name], own[from]);
    assert.ok(found["1.removed"]!.data.every((value) => value === 0));
  }));

function refuses(name: string, parts: Partial<PipelineParts>, to: string, says: RegExp, out = "exported.gguf"): void {
  Deno.test(`an export to ${to} refuses ${name}`, () =>
    trained(parts, async (scene) => {
      const before = treeOf(scene.folder), { code, stdout, stderr } = await exporting(scene, to, out);
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr.replaceAll(`${scene.folder}/`, ""), says);
      assert.equal(stderr.split("\n").length, 2, stderr);
      assert.deepEqual(treeOf(scene.folder), before);
    }));
}

refuses(
  "an edit that does more than add a vector",
  everywhere,
  "gguf",
  /the loreft does more than add a vector.*; export it --to onnx/,
);
refuses(
  "the first block",
  { ...shift, at: "block(0).output" },
  "gguf",
  /llama\.cpp applies control vectors from block 1 on/,
);
refuses(
  "another site",
  { ...shift, at: "block(1).mlp.output" },
  "gguf",
  /the lobireft edits mlp\.output, but a control vector acts only on block\.output/,
);
refuses(
  "an edit of some tokens",
  { edit: "refract.lobireft" },
  "gguf",
  /the lobireft edits the positions l1, but a control vector acts on every token; give --positions all\+completion/,
);
for (
  const [form, says] of [
    [
      "gguf",
      /the lora of self_attn\.q_proj acts only on the prompt's tokens, and llama\.cpp's .*; serve it, or export/,
    ],
    [
      "peft",
      /the lora of self_attn\.q_proj acts only on the prompt's tokens, and peft's adapters act on every token; /,
    ],
    ["vllm", /vLLM's ReFT takes edits, but not lora; export it --to onnx/],
  ] as const
) {
  refuses("an adapter for prompts only", { edit: "...(() => [lora({ rank: 2, positions: 'prompt' })])" }, form, says);
}
refuses(
  "a folder",
  shift,
  "gguf",
  /^error: exported: is not the name of a GGUF file; give --out a name that ends in \.gguf/,
  "exported",
);
refuses(
  "another edit",
  { edit: "direft" },
  "easysteer",
  /EasySteer reads loreft, and edits that add a vector, but not direft/,
);
refuses(
  "another site",
  { at: "block(1).mlp.output" },
  "easysteer",
  /the loreft edits mlp\.output, but EasySteer's acts only on block\.output/,
);
refuses(
  "positions that vLLM does not know",
  { positions: `"f2+l3"` },
  "vllm",
  /the loreft edits the positions f2\+l3, but vLLM's ReFT knows f1, l1, all, .*; give one of these/,
);

Deno.test("an export to gguf refuses adapters that llama.cpp lacks", () =>
  inFolder(async (folder) => {
    const imported = join(folder, "imported");
    await succeeds("import", savedByPeft("dora"), "--out", imported);
    const { code, stderr } = await inProcess("export", imported, "--to", "gguf", "--out", join(folder, "a.gguf"));
    assert.equal(code, 2);
    assert.match(stderr, /GGUF files hold LoRA or control vectors, but not dora; merge it, and convert the model\n$/);
  }));
