/** Whole runs of a small pipeline: their results, and what they take from the store. @module */
import assert from "node:assert/strict";
import { openEntry } from "../../../../pipelines/store/entry.ts";
import { readHeader } from "../../../../pipelines/models/weights/safetensors.ts";
import { loadTokenizer } from "../../../../pipelines/models/tokenization/tokenizer.ts";
import type { Results } from "../../../../pipelines/results/results.ts";
import { inProcess } from "../../../support/command.ts";
import { inScene, type PipelineParts, pipelineText, sceneRows } from "../../../support/scene.ts";
import { assertClose, evaluationOf, lossesOf, onlyMember, resultsOf, trainingOf } from "../support.ts";

const twoRanks: Partial<PipelineParts> = {
  rank: 'sweep("rank", [1, 2])',
  metrics: "[exactMatch(), loss()]",
  stages: `{
    base: evaluate(base, { data: heldOut, metrics, decoding }),
    tuned: evaluate(tuned, { data: heldOut, metrics, decoding }),
  }`,
};

Deno.test("a run returns its members, their stages in order, and one encoding for all of them", () =>
  inScene(twoRanks, async (scene) => {
    const results = await resultsOf(scene);
    assert.equal(results.pipeline, "scene");
    assert.deepEqual(results.members.map(({ id, axes }) => [id, axes]), [
      ["rank=1", { rank: 1 }],
      ["rank=2", { rank: 2 }],
    ]);
    // W [rank, 16], R [16, rank] and b [rank].
    assert.deepEqual(results.members.map(({ trainableParameters }) => trainableParameters), [33, 66]);
    for (const { id, stages } of results.members) {
      assert.deepEqual(stages.map(({ name, kind }) => `${kind} ${name}`), [
        "evaluate base",
        "train loreft",
        "evaluate tuned",
      ]);
      const training = trainingOf(results.members.find((member) => member.id === id)!);
      assert.equal(training.steps, 4);
      assert.equal(training.losses.length, 4);
      assert.equal(training.stepSeconds.length, 4);
    }
    const [encode, ...others] = results.encode;
    assert.deepEqual(others, []);
    assert.equal(encode?.examples, 8);
    assert.equal(encode?.cached, false);
    assert.deepEqual(JSON.parse(await Deno.readTextFile(scene.path("out", "results.json"))), results);
    assert.deepEqual(scene.written.filter((path) => path.startsWith("members/rank=1/") && !path.endsWith("/")), [
      "members/rank=1/base/predictions.jsonl",
      "members/rank=1/intervention/intervention.json",
      "members/rank=1/intervention/weights.safetensors",
      "members/rank=1/tuned/predictions.jsonl",
    ]);
    const { tensors } = await readHeader(scene.path("out/members/rank=2/intervention/weights.safetensors"));
    assert.deepEqual([...tensors.values()].map(({ name, shape }) => [name, shape]), [
      ["0.rotate", [16, 2]],
      ["0.weight", [2, 16]],
      ["0.bias", [2]],
    ]);
  }));

Deno.test("a second run takes everything from the store", () =>
  inScene(twoRanks, async (scene) => {
    const first = await resultsOf(scene);
    const entries = scene.entries;
    const second = await resultsOf(scene);
    assert.deepEqual(scene.entries, entries);
    const stages = second.members.flatMap(({ stages }) => stages);
    assert.ok([...stages, ...second.encode].every(({ cached }) => cached));
    const timed = { seconds: 0, expectedSeconds: 0, tokensPerSecond: 0, cached: true };
    const known = ({ members }: Results) =>
      members.map(({ stages }) => stages.map((stage) => ({ ...stage, ...timed })));
    assert.deepEqual(known(second), known(first));
  }));

Deno.test("--set selects members of an axis, which equal those of the whole sweep", () =>
  inScene(twoRanks, async (scene) => {
    const all = await resultsOf(scene);
    const picked = await resultsOf(scene, "--set", "rank=2");
    assert.deepEqual(picked.members.map(({ id }) => id), ["rank=2"]);
    assert.ok(picked.members[0]!.stages.every(({ cached }) => cached));
    assert.deepEqual(lossesOf(picked), lossesOf(all).slice(1));
  }));

Deno.test("an added metric scores again without generating again, and a removed one recomputes nothing", () =>
  inScene({}, async (scene) => {
    const stored = () => scene.entries.filter((path) => path.startsWith("predictions/"));
    const before = await resultsOf(scene), written = stored();
    const evaluated = async (name: string, metrics: string) => {
      await scene.write(name, pipelineText({ metrics }));
      const { code, stdout, stderr } = await inProcess("run", scene.path(name), ...scene.places, "--json");
      assert.equal(code, 0, stderr);
      const { members: [member] }: Results = JSON.parse(stdout);
      return evaluationOf(member!);
    };
    const both = await evaluated("both.ts", "[exactMatch(), loss()]");
    assert.deepEqual([written.length, stored().length], [1, 2]);
    assert.ok(stored().includes(written[0]!));
    assert.equal(both.metrics["exactMatch"], evaluationOf(before.members[0]!).metrics["exactMatch"]);
    assert.equal((await evaluated("one.ts", "[exactMatch()]")).cached, true);
    assert.equal(stored().length, 2);
  }));

Deno.test("another learning rate trains again without encoding again", () =>
  inScene({ optimizer: 'adamw({ learningRate: sweep("rate", [1e-2, 2e-2]) })' }, async (scene) => {
    await resultsOf(scene, "--set", "rate=0.01");
    const encoded = () => scene.entries.filter((path) => path.startsWith("encode/"));
    const before = encoded();
    const { members: [member], encode: [encode] } = await resultsOf(scene, "--set", "rate=0.02");
    assert.equal(trainingOf(member!).cached, false);
    assert.equal(encode!.cached, true);
    assert.deepEqual(encoded(), before);
  }));

/** The bytes of every tensor that a run trained, in hex. */
async function trainedBytes(parts: Partial<PipelineParts>): Promise<string> {
  let bytes = "";
  await inScene(parts, async (scene) => {
    await resultsOf(scene);
    const [entry] = scene.entries.filter((path) => path.startsWith("train/"));
    const path = scene.path("store", entry!);
    using opened = await openEntry(await Deno.open(path), path, false);
    for (const name of opened.tensors.keys()) bytes += `${name} ${(await opened.readBytes(name)).toHex()}\n`;
  });
  return bytes;
}

Deno.test("the same seed gives the same bytes, another seed different ones", async () => {
  const first = await trainedBytes({});
  assert.equal(await trainedBytes({}), first);
  assert.notEqual(await trainedBytes({ trainSettings: "seed: 7" }), first);
});

const edits = [
  "loreft({ at, positions, rank: 1 })",
  "loreft({ at, positions, rank: 3 })",
  "direft({ at, positions, rank: 2 })",
  'loreft({ at: block("all").output, positions, rank: 2 })',
  "red({ at: block([0, 1]).output, positions })",
];

/** The trained tensors of each member, and how many trainings ran together. */
async function trainedEach(
  members: readonly string[],
  trainSettings = "",
): Promise<{ tensors: string[]; together: number[] }> {
  let found: { tensors: string[]; together: number[] } | undefined;
  const edit = `...(({ positions }) => [sweep("edit", [${members.join(", ")}])])`;
  await inScene({ edit, positions: '"l2"', metrics: "[loss()]", trainSettings }, async (scene) => {
    const { code, stderr, stdout } = await scene.run("--json");
    assert.equal(code, 0, stderr);
    const { members }: Results = JSON.parse(stdout);
    const files = members.map(({ id }) => scene.path("out", "members", id, "intervention", "weights.safetensors"));
    const tensors = await Promise.all(files.map(async (file) => (await Deno.readFile(file)).toHex()));
    const trained = stderr.split("\n").filter((line) => line.startsWith("train") && line.includes("4/4"));
    found = { tensors, together: trained.map((line) => Number(/× (\d+)/.exec(line)?.[1] ?? 1)) };
  });
  return found!;
}

Deno.test("members trained together give the same bytes as trained separately", async () => {
  const { tensors, together } = await trainedEach(edits);
  assert.deepEqual(together, [3, 2], "edits with the same lowest block train together");
  for (const [at, edit] of edits.entries()) {
    const alone = await trainedEach([edit]);
    assert.deepEqual([alone.tensors, alone.together], [[tensors[at]], [1]], edit);
  }
});

Deno.test("each member's gradients are clipped by their own norm, together or separately", async () => {
  const clipping = "maxGradNorm: 0.01", { tensors, together } = await trainedEach(edits.slice(0, 2), clipping);
  assert.deepEqual(together, [2]);
  for (const [at, edit] of edits.slice(0, 2).entries()) {
    assert.deepEqual((await trainedEach([edit], clipping)).tensors, [tensors[at]], edit);
    assert.notDeepEqual((await trainedEach([edit])).tensors, [tensors[at]], edit);
  }
});

Deno.test("a maxGradNorm that no norm reaches changes nothing, and norms are those of the accumulated gradients", async () => {
  const settings = { batchSize: "8", epochs: "3" };
  const free = await onlyMember(settings);
  const bounded = await onlyMember({ ...settings, trainSettings: "maxGradNorm: 1e6" });
  assert.deepEqual(bounded.losses, free.losses);
  assert.deepEqual(free.gradientNorms, []);
  assert.equal(bounded.gradientNorms?.length, 3);
  const parts = { ...settings, batchSize: "2", trainSettings: "gradientAccumulation: 4, maxGradNorm: 1e6" };
  assertClose((await onlyMember(parts)).gradientNorms!, bounded.gradientNorms!, 1e-5);
});

Deno.test("the mean over microbatches is the mean of their means, whatever their numbers of tokens", async () => {
  const first = { epochs: "1", batchSize: "2", trainSettings: "shuffle: false" };
  const lossOf = async (parts: Partial<PipelineParts>) => (await onlyMember({ ...first, ...parts })).losses[0]!;
  const own = [await lossOf({ data: "rows.take(2)" }), await lossOf({ data: "rows.skip(2).take(2)" })];
  const both = { data: "rows.take(4)", trainSettings: "shuffle: false, gradientAccumulation: 2" };
  const byBatch = await lossOf({ ...both, trainSettings: `${both.trainSettings}, lossReduction: "microbatches"` });
  assertClose([byBatch], [(own[0]! + own[1]!) / 2], 1e-6);
  assert.notEqual(byBatch.toFixed(5), (await lossOf(both)).toFixed(5));
  const fewer = { data: "rows.take(2)", trainSettings: `${both.trainSettings}, lossReduction: "microbatches"` };
  assertClose([await lossOf(fewer)], [own[0]! / 2], 1e-6);
});

Deno.test("accumulated gradients equal those of the large batch", async () => {
  const large = await onlyMember({ batchSize: "8", epochs: "3" });
  const accumulated = await onlyMember({ batchSize: "2", epochs: "3", trainSettings: "gradientAccumulation: 4" });
  assert.equal(large.losses.length, 3);
  assertClose(accumulated.losses, large.losses, 1e-6);
});

const alike: Partial<PipelineParts> = {
  preamble:
    'const alike = jsonl("./rows.jsonl", { prompt: "Say in one word what fits here: {q}\\n", completion: "{a}" });',
  data: "alike",
  heldOut: "alike",
  batchSize: "8",
  metrics: "[loss()]",
};

for (const positions of ["l1", "l3", "completion"]) {
  Deno.test(`rows with a common prefix have the losses of whole rows at ${positions}, and the prefix is encoded once`, () =>
    inScene(
      { ...alike, positions: JSON.stringify(positions), optimizer: "adamw({ learningRate: 0 })" },
      async (scene) => {
        const { members: [member], encode: [encoded] } = await resultsOf(scene);
        assertClose(trainingOf(member!).losses, [1, 2].map(() => evaluationOf(member!).metrics["loss"]!), 2e-6);
        const tokenizer = await loadTokenizer(scene.path("model"));
        const prompts = sceneRows.map(({ q }) => tokenizer.encodePrompt(`Say in one word what fits here: ${q}\n`));
        const whole = sceneRows.reduce((sum, { a }, row) => sum + prompts[row]!.length + tokenizer.encode(a).length, 0);
        let shared = 0;
        while (prompts.every((prompt) => prompt[shared] === prompts[0]![shared])) shared++;
        assert.ok(shared >= 8);
        assert.equal(encoded!.tokens, whole - shared * (sceneRows.length - 1));
      },
    ));
}
