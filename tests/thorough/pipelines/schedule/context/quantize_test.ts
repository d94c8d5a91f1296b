/** Runs whose base model is in 4 or 8 bits, beside runs over the numbers that these bits stand for. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ConfigReader } from "../../../../../pipelines/models/architecture/config.ts";
import { architectureOf } from "../../../../../pipelines/models/families/mod.ts";
import { dequantize, quantize } from "../../../../../pipelines/models/weights/quantization.ts";
import { quantizedMatrices } from "../../../../../pipelines/models/open/quantized_weights.ts";
import { readHeader, readTensor } from "../../../../../pipelines/models/weights/safetensors.ts";
import { writeSafetensors } from "../../../../../pipelines/models/weights/safetensors_writer.ts";
import { inProcess } from "../../../../support/command.ts";
import { inScene, type PipelineParts, type Scene } from "../../../../support/scene.ts";
import { assertClose, evaluationOf, lossesOf, resultsOf } from "../../../../pipelines/schedule/support.ts";

const quantized = (name: string) => `"./model", { quantize: ${JSON.stringify(name)} }`;

/** Puts in place of the matrices what they are in a few bits. */
async function roundWeights(folder: string, name: "q4" | "q8"): Promise<void> {
  const config = join(folder, "config.json"), file = join(folder, "model.safetensors");
  const architecture = architectureOf(new ConfigReader(config, JSON.parse(await Deno.readTextFile(config))));
  const matrices = quantizedMatrices({ architecture, source: { origin: "folder" } }, name),
    { tensors } = await readHeader(file);
  // Seven projections in each of two blocks, and the embedding, which is the head too.
  assert.equal(matrices.size, 15);
  const rounded = await Promise.all([...tensors.values()].map(async (record) => {
    const data = await readTensor(record), { columns, type } = matrices.get(record.name) ?? {};
    const found = columns === undefined ? data : dequantize(quantize(data, columns, type!), columns, type!);
    return { name: record.name, shape: record.shape, data: found };
  }));
  await writeSafetensors(file, rounded, { format: "pt" });
}

/** Edits whose gradients pass projections, read them, or multiply them. */
const edits: Readonly<Record<string, Partial<PipelineParts>>> = {
  "loreft below": { at: "block(0).output" },
  "loreft on the first tokens": { at: "block(0).attention.output", positions: '"f1+l1"' },
  "lora": { edit: `((_) => lora({ blocks: "all", modules: ["q_proj", "down_proj"], rank: 2 }))` },
  "dora": { edit: `((_) => refract.dora({ blocks: "all", modules: ["v_proj", "up_proj"], rank: 2 }))` },
  "ia3": { edit: `((_) => ia3({ blocks: "all", modules: ["k_proj", "down_proj"] }))` },
};

for (const name of ["q4", "q8"] as const) {
  Deno.test(`a base model in ${name} trains and answers as the numbers that it stands for`, async (t) => {
    for (const [edit, parts] of Object.entries(edits)) {
      await t.step(edit, async () => {
        const metrics = "[exactMatch(), loss()]";
        let found: Awaited<ReturnType<typeof resultsOf>> | undefined;
        await inScene({ ...parts, metrics, source: quantized(name) }, async (scene) => {
          found = await resultsOf(scene);
          assert.equal(found.members[0]!.quantize, name);
          assert.equal(scene.entries.filter((path) => path.includes("quantize")).length, 1);
        });
        await inScene({ ...parts, metrics }, async (scene) => {
          await roundWeights(scene.path("model"), name);
          const expected = await resultsOf(scene);
          assertClose(lossesOf(found!)[0]!, lossesOf(expected)[0]!, 1e-4);
          const [own, other] = [found!, expected].map(({ members }) => evaluationOf(members[0]!).metrics);
          assertClose([own!["loss"]!], [other!["loss"]!], 1e-4);
          assert.equal(own!["exactMatch"], other!["exactMatch"]);
        });
      });
    }
  });
}

for (const weights of ["q4", "q8"] as const) {
  Deno.test(`products that compute in 8 bits are near those of ${weights} in float32, and of the same codes`, () => {
    const values = `[${JSON.stringify(weights)}, { weights: ${JSON.stringify(weights)}, compute: "int8" }]`;
    const source = `"./model", { quantize: sweep("bits", ${values}) }`;
    return inScene({ source, at: "block(0).output", metrics: "[loss()]" }, async (scene) => {
      const { members } = await resultsOf(scene), [plain, rounded] = lossesOf({ members } as never);
      assert.deepEqual(members.map(({ quantize }) => quantize), [weights, `${weights}-int8`]);
      assert.equal(scene.entries.filter((path) => path.startsWith("quantize/")).length, 1);
      assert.notDeepEqual(rounded, plain);
      plain!.forEach((loss, step) => assert.ok(Math.abs(rounded![step]! - loss) < 0.05, `${loss} ${rounded![step]}`));
      const [own, other] = members.map((member) => evaluationOf(member).metrics["loss"]!);
      assert.ok(own !== other && Math.abs(own! - other!) < 0.05);
      const { cache } = await planOf(scene);
      assert.ok(cache.every(({ cached }: { cached: boolean }) => cached));
      assert.equal(cache.filter(({ kind }: { kind: string }) => kind === "quantize").length, 1);
      const { code, stderr } = await inProcess("run", scene.path("out", "manifest.yaml"), ...scene.places);
      assert.equal(code, 0, stderr);
      const { members: again } = await resultsOf(scene);
      assert.ok(again.every(({ stages }) => stages.every(({ cached }) => cached)));
    });
  });
}

const planOf = async (scene: Scene) => {
  const options = ["--store", scene.path("store"), "--threads", "1", "--json"];
  const { code, stdout, stderr } = await inProcess("plan", scene.pipeline, ...options);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
};

Deno.test("weights in a few bits are made once, and no result of other bits is taken for theirs", () =>
  inScene({ source: `"./model", { quantize: sweep("bits", ["q8", "q4"]) }` }, async (scene) => {
    const planned = await planOf(scene);
    assert.deepEqual(planned.members.map(({ quantize }: { quantize: string }) => quantize), ["q8", "q4"]);
    const { members } = await resultsOf(scene), [eight, four] = lossesOf({ members } as never);
    assert.notDeepEqual(eight, four);
    const [made, again] = [scene.entries, (await resultsOf(scene)).members];
    assert.ok(again.every(({ stages }) => stages.every(({ cached }) => cached)));
    assert.deepEqual(scene.entries, made);
    const { cache } = await planOf(scene);
    assert.ok(cache.every(({ cached }: { cached: boolean }) => cached));
    const manifest = await Deno.readTextFile(scene.path("out", "manifest.yaml"));
    for (const name of ["q8", "q4"]) assert.match(manifest, new RegExp(`quantize: ${name}\n`));
    const { code, stderr } = await inProcess("run", scene.path("out", "manifest.yaml"), ...scene.places);
    assert.equal(code, 0, stderr);
  }));

Deno.test("a run on quantized weights of which a bit has flipped ends and keeps nothing, and the next makes them again", () =>
  inScene({ source: quantized("q8") }, async (scene) => {
    const expected = lossesOf(await resultsOf(scene));
    const path = scene.path("store", scene.entries.find((each) => each.startsWith("quantize/"))!);
    const written = await Deno.readFile(path), flipped = written.slice();
    flipped[flipped.length - 3]! ^= 1;
    await Deno.writeFile(path, flipped);
    const cached = await resultsOf(scene);
    assert.ok(cached.members[0]!.stages.every(({ cached }) => cached), "results that are kept need no weights");
    for (const kind of ["encode", "train", "predictions"]) {
      await Deno.remove(scene.path("store", kind), { recursive: true });
    }
    await Deno.remove(scene.path("out"), { recursive: true });
    const { code, stderr } = await scene.run();
    assert.equal(code, 1, stderr);
    const says = "is damaged, its data is not what was written; it is dropped; run again to recompute it";
    assert.ok(stderr.endsWith(`error: ${path}: ${says}\n`), stderr);
    assert.deepEqual([scene.entries, scene.filesOf("out")], [[], ["live.json"]]);
    assert.deepEqual(lossesOf(await resultsOf(scene)), expected);
    assert.deepEqual(await Deno.readFile(path), written);
  }));

Deno.test("plan knows of a model in a few bits without its weights", () =>
  inScene({ source: quantized("q4") }, async (scene) => {
    const { cache, members: [member] } = await planOf(scene);
    assert.equal(member.quantize, "q4");
    // Of each block 16·16 + 2·8·16 + 16·16 and 3·16·32 numbers, a row of 16 or 32 in a block of 64: 32 bytes of codes,
    // a scale, half a byte of zeros, and a byte for those of each row.
    const blocks = 2 * (16 + 2 * 8 + 16 + 2 * 32 + 16), bytes = blocks * (32 + 4 + 0.5 + 1) + 512 * (64 + 4);
    assert.deepEqual(cache[0], { kind: "quantize", members: ["main"], key: null, cached: false, bytes });
  }, { weights: false }));

Deno.test("a recipe says how many bits, and its manifest repeats it", () =>
  inScene({}, async (scene) => {
    await scene.write("recipe.yaml", "pipeline: ./pipeline.ts\nquantize: q8\n");
    const run = (path: string) => inProcess("run", scene.path(path), ...scene.places, "--json");
    const first = await run("recipe.yaml");
    assert.equal(first.code, 0, first.stderr);
    const { members: [member] } = JSON.parse(first.stdout);
    assert.equal(member.quantize, "q8");
    assert.match(await Deno.readTextFile(scene.path("out", "manifest.yaml")), /^quantize: q8$/m);
    const again = await run("out/manifest.yaml");
    assert.equal(again.code, 0, again.stderr);
    assert.ok(JSON.parse(again.stdout).members[0].stages.every(({ cached }: { cached: boolean }) => cached));
    await scene.write("recipe.yaml", "pipeline: ./pipeline.ts\nquantize: q5\n");
    const { code, stderr } = await run("recipe.yaml");
    assert.equal(code, 2);
    assert.match(stderr, /recipe\.yaml:2:11: quantize is "q5"; give q4 or q8\n$/);
  }));

Deno.test("full finetuning of a model in a few bits, and bits that are none, are refused in a line", async () => {
  const full = "((_) => refract.fullFinetuning())";
  for (
    const [parts, expected] of [
      [{ source: quantized("q4"), edit: full }, /pipeline\.ts:7:\d+: full finetuning trains every weight, .* q4; /],
      [{ source: quantized("int4") }, /pipeline\.ts:7:\d+: quantize is "int4"; give "q4" or "q8"\n$/],
      [
        { source: '"./model", { quantize: { weights: "q8", compute: "int4" } }' },
        /pipeline\.ts:7:\d+: compute is "int4"; give "float32" or "int8"\n$/,
      ],
    ] as const
  ) {
    await inScene(parts, async (scene) => {
      const { code, stderr } = await scene.run();
      assert.equal(code, 2, stderr);
      assert.match(stderr, expected);
      assert.deepEqual(scene.written, []);
    });
  }
});
