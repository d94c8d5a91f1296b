/** Models with what was learned of them merged into their weights. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inProcess, treeOf } from "../../../support/command.ts";
import { inScene, type PipelineParts, type Scene } from "../../../support/scene.ts";
import {
  golden,
  largestGap,
  logitsOf,
  savedByPeft,
  succeeds,
  tensorsOf,
} from "../../../pipelines/interchange/peft/support.ts";
import { inFolder } from "../../../pipelines/models/support.ts";

const tiny = fileURLToPath(new URL("../../../../pipelines/models/builtin/tiny/", import.meta.url));
const files = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];

for (const name of ["lora", "rslora", "dora", "ia3"]) {
  Deno.test(`${name} merged has peft's logits, and what it leaves alone is as it was`, () =>
    inFolder(async (scratch) => {
      const imported = join(scratch, "imported"), merged = join(scratch, "merged");
      await succeeds("import", savedByPeft(name), "--out", imported);
      await succeeds("merge", imported, "--out", merged);
      assert.deepEqual(treeOf(merged), files);
      const gap = largestGap((await logitsOf(scratch, merged, golden.ids)).at(-1)!, golden.logits[name]!.flat());
      assert.ok(gap <= 1e-4, `logits differ by ${gap}`);
      const [before, after] = [await tensorsOf(join(tiny, files[1]!)), await tensorsOf(join(merged, files[1]!))];
      assert.deepEqual(Object.keys(after), Object.keys(before));
      const adapted = (await Deno.readTextFile(join(imported, "intervention.json"))).match(/"module"/g)!.length;
      const changed = Object.keys(before).filter((name) => largestGap(after[name]!.data, before[name]!.data) > 0);
      assert.equal(changed.length, adapted);
    }));
}

Deno.test("a model is written in shards, and in fewer bits, saying what that loses", () =>
  inFolder(async (scratch) => {
    const imported = join(scratch, "imported");
    await succeeds("import", savedByPeft("dora"), "--out", imported);
    const base = Object.values(await tensorsOf(join(tiny, files[1]!)));
    const parameters = base.reduce((sum, { data }) => sum + data.length, 0);
    for (
      const [type, torch, most] of [["bf16", "bfloat16", 0.05], ["f16", "float16", 0.005], [
        "f32",
        "float32",
        1e-4,
      ]] as const
    ) {
      const merged = join(scratch, type);
      const { stderr } = await succeeds("merge", imported, "--out", merged, "--dtype", type, "--shard-size", "1MB");
      const config = JSON.parse(await Deno.readTextFile(join(merged, "config.json")));
      assert.equal(config["torch_dtype"], torch);
      const { weight_map: map, metadata } = JSON.parse(
        await Deno.readTextFile(join(merged, "model.safetensors.index.json")),
      );
      const shards = [...new Set(Object.values<string>(map))];
      assert.ok(shards.length > 1 && shards.every((name) => treeOf(merged).includes(name)), String(shards));
      assert.equal(metadata["total_size"], parameters * (type === "f32" ? 4 : 2));
      const loss =
        /^rounding to (\w+) changes the merged weights by 0\.\d+ %, which is [\d.]+ % of what training changed; /m;
      assert.equal(loss.exec(stderr)?.[1], type === "f32" ? undefined : torch);
      const found = (await logitsOf(scratch, merged, golden.ids)).at(-1)!, expected = golden.logits["dora"]!.flat();
      const gap = largestGap(found, expected) / Math.max(...expected.map(Math.abs));
      assert.ok(gap <= most, `logits differ by ${gap} of the largest`);
    }
  }));

/** Trains the scene's model, merges it, and compares the logits. */
async function mergesExactly(parts: Partial<PipelineParts>, ...options: readonly string[]): Promise<void> {
  await inScene(parts, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    const merged = scene.path("merged"), ids = [1, 5, 9, 30, 12, 7];
    await succeeds("merge", scene.path("out"), "--out", merged, ...options);
    const [found, expected] = [await logitsOf(scene.folder, merged, ids), await edited(scene, ids, options)];
    const flat = (rows: readonly Float32Array[]) => rows.flatMap((row) => [...row]);
    const gap = largestGap(flat(found), flat(expected)), base = await logitsOf(scene.folder, scene.path("model"), ids);
    assert.ok(gap <= 1e-4, `logits differ by ${gap}`);
    assert.ok(largestGap(flat(base), flat(expected)) > 1e-3, "nothing was learned");
  });
}

const edited = (scene: Scene, ids: readonly number[], options: readonly string[]) =>
  logitsOf(scene.folder, scene.path("out"), ids, ...options);

Deno.test("biases are merged where the family allows them, and the config says so", () =>
  inScene({}, async (scene) => {
    const text = await Deno.readTextFile(scene.pipeline);
    const trained = text.replace(/base\.with\(.*\)\);/, `base.with(bitfit({ modules: ["q_proj", "up_proj"] }));`);
    await Deno.writeTextFile(scene.pipeline, trained.replace("1e-2", "0.5"));
    assert.equal((await scene.run()).code, 0);
    const merged = scene.path("merged"), ids = [1, 5, 9, 30, 12, 7];
    await succeeds("merge", scene.path("out"), "--out", merged);
    const config = JSON.parse(await Deno.readTextFile(join(merged, "config.json")));
    assert.deepEqual([config["attention_bias"], config["mlp_bias"]], [true, true]);
    const tensors = await tensorsOf(join(merged, "model.safetensors"));
    const isZero = (name: string) => tensors[name]!.data.every((value) => value === 0);
    assert.deepEqual(["q", "k", "o"].map((part) => isZero(`model.layers.0.self_attn.${part}_proj.bias`)), [
      false,
      true,
      true,
    ]);
    const flat = (rows: readonly Float32Array[]) => rows.flatMap((row) => [...row]);
    const [found, expected] = [await logitsOf(scene.folder, merged, ids), await edited(scene, ids, [])];
    assert.ok(largestGap(flat(found), flat(expected)) <= 1e-4);
  }));

const everywhere = `"all+completion"`, optimizer = "adamw({ learningRate: 0.3 })";
const edits: readonly (readonly [edit: string, at: string])[] = [
  ["lobireft", "block([0, 1]).attention.query"],
  ["loreft", "block(1).mlp.output"],
  ["consreft", "block(0).attention.output"],
];
for (const [edit, at] of edits) {
  Deno.test(`${edit} of every token at ${at} is merged exactly`, () =>
    mergesExactly({ edit: `refract.${edit}`, at, positions: everywhere, optimizer }));
}

Deno.test("an edit of the prompt alone is merged where --positions says that it shall act on all", () =>
  mergesExactly(
    { edit: "refract.lobireft", at: "block(0).mlp.up", positions: `"all"`, optimizer },
    "--positions",
    "all+completion",
  ));

/** Refuses a merge of what the scene trained. */
function refuses(name: string, parts: Partial<PipelineParts>, says: RegExp, ...options: readonly string[]): void {
  Deno.test(`a merge refuses ${name}`, () =>
    inScene(parts, async (scene) => {
      assert.equal((await scene.run()).code, 0);
      const before = treeOf(scene.folder);
      const { code, stdout, stderr } = await inProcess(
        "merge",
        scene.path("out"),
        "--out",
        scene.path("merged"),
        ...options,
      );
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr.replaceAll(`${scene.folder}/`, ""), says);
      assert.equal(stderr.split("\n").length, 2);
      assert.deepEqual(treeOf(scene.folder), before);
    }));
}

const file = "^error: out/members/main/intervention/intervention\\.json: ";
refuses(
  "an edit of a prompt's last token",
  { at: "block(1).mlp.output" },
  new RegExp(
    `${file}the loreft of mlp\\.output edits the positions l1, but a weight acts on every token; give --positions all\\+completion`,
  ),
);
refuses(
  "an edit where no projection is",
  { positions: everywhere },
  new RegExp(
    `${file}the loreft edits block\\.output, which is not a projection's output; .*at attention\\.query, .*; otherwise export it --to onnx`,
  ),
);
refuses("an edit that is not affine", {
  at: "block(1).mlp.output",
  positions: everywhere,
  editSettings: 'activation: "relu"',
}, new RegExp(`${file}the loreft of mlp\\.output is not an affine map`));
refuses(
  "an adapter of prompts",
  { edit: "...(() => [ia3({ positions: 'prompt' })])" },
  new RegExp(
    `${file}the ia3 of self_attn\\.k_proj acts only on the prompt's tokens, and a weight acts on every token; `,
  ),
);
refuses(
  "a shard size of 0",
  {},
  /^error: .*'0' is invalid; write a size as in 500MB, 1\.5GiB or unlimited/,
  "--shard-size",
  "0",
);
refuses("positions that are none", {}, /^error: the positions "x" are not valid/, "--positions", "x");
refuses(
  "a folder that holds other files",
  {},
  /^error: .*: holds other files; give --out a new folder/,
  "--out",
  fileURLToPath(new URL(".", import.meta.url)),
);
