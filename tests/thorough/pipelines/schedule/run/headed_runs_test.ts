/** Heads in runs: in sweeps, from the store, frozen, fresh and loaded from folders. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { inProcess } from "../../../../support/command.ts";
import { inScene, type PipelineParts, type Scene } from "../../../../support/scene.ts";
import { readHeader, readTensor } from "../../../../../pipelines/models/weights/safetensors.ts";
import { evaluationOf, lossesOf, resultsOf } from "../../../../pipelines/schedule/support.ts";

/** Texts, labelled by whether they ask a question. */
const rows = `records([
  { text: "Who lives in the little town", label: "asks" }, { text: "It is", label: "tells" },
  { text: "What has the man in his hand", label: "asks" }, { text: "A red bird over the old house", label: "tells" },
  { text: "Where is the dog", label: "asks" }, { text: "Water", label: "tells" }], { text: "{text}", label: "{label}" })`;

/** A scene whose model has a head with these settings. */
function headed(settings = "", parts: Partial<PipelineParts> = {}): Partial<PipelineParts> {
  const head = `refract.classification({ labels: ["tells", "asks"], ${settings} })`;
  return {
    data: rows,
    heldOut: rows,
    metrics: "[accuracy(), loss(), refract.f1(), refract.matthews()]",
    stages: `{ told: evaluate(train(edited.with(${head}), ` +
      `{ data, epochs, batchSize, optimizer, seed: 3 }), { data: heldOut, metrics }) }`,
    epochs: "8",
    ...parts,
  };
}

/** The trained tensors of a run's member. */
async function tensorsOf(scene: Scene, member: string): Promise<Record<string, readonly number[]>> {
  const { tensors } = await readHeader(scene.path("out", "members", member, "intervention", "weights.safetensors"));
  const read = [...tensors].map(async ([name, record]) => [name, [...await readTensor(record)]] as const);
  return Object.fromEntries(await Promise.all(read));
}

Deno.test("members with heads train together as they do separately, and a second run takes the results from the store", () =>
  inScene(headed("", { rank: 'sweep("rank", [1, 3])' }), async (scene) => {
    const both = await resultsOf(scene), again = await resultsOf(scene);
    assert.deepEqual(again.members.map(evaluationOf).map(({ metrics, cached }) => [metrics, cached]), [
      ...both.members.map(evaluationOf).map(({ metrics }) => [metrics, true]),
    ]);
    await inScene(headed("", { rank: "3" }), async (alone) => {
      const results = await resultsOf(alone);
      assert.deepEqual(lossesOf(results)[0], lossesOf(both)[1]);
      const { predictions: path } = evaluationOf(both.members[1]!);
      const { predictions: own, metrics } = evaluationOf(results.members[0]!);
      assert.deepEqual(metrics, evaluationOf(both.members[1]!).metrics);
      assert.equal(await Deno.readTextFile(alone.path("out", own)), await Deno.readTextFile(scene.path("out", path)));
    });
  }));

Deno.test("storing the rows' activations changes no loss of a head", async () => {
  const losses: (readonly number[])[] = [];
  for (const options of [[], ["--cache-memory", "0"]]) {
    await inScene(headed(), async (scene) => {
      losses.push(lossesOf(await resultsOf(scene, ...options))[0]!);
    });
  }
  losses[0]!.forEach((loss, step) => assert.ok(Math.abs(loss - losses[1]![step]!) < 1e-5));
});

Deno.test("an evaluation predicts each row the same in any batch", async () => {
  const told: number[][] = [];
  for (const batchSize of [1, 6]) {
    const stages = headed().stages!.replace("metrics })", `metrics, batchSize: ${batchSize} })`);
    await inScene(headed("", { stages }), async (scene) => {
      const { members: [member] } = await resultsOf(scene);
      const text = await Deno.readTextFile(scene.path("out", evaluationOf(member!).predictions));
      told.push(text.trimEnd().split("\n").map((line) => JSON.parse(line).probabilities.asks));
    });
  }
  told[0]!.forEach((share, row) => assert.ok(Math.abs(share - told[1]![row]!) < 1e-5));
});

Deno.test("a frozen head keeps its initial values and counts no parameters, unlike a trained one", async () => {
  const scores: (readonly number[])[] = [], counts: number[] = [];
  for (const settings of ["frozen: true", ""]) {
    await inScene(headed(settings, { epochs: "1" }), async (scene) => {
      const { members: [member] } = await resultsOf(scene);
      counts.push(member!.trainableParameters);
      scores.push((await tensorsOf(scene, "main"))["1.score.weight"]!);
    });
  }
  const deviation = (list: readonly number[]) =>
    Math.sqrt(list.reduce((sum, each) => sum + each * each, 0) / list.length);
  assert.equal(counts[1]! - counts[0]!, 2 * 16);
  assert.ok(Math.abs(deviation(scores[0]!) - 0.02) < 0.008, `a deviation of ${deviation(scores[0]!)}`);
  assert.notDeepEqual(scores[0], scores[1]);
  // Both start from the same seed, and the two steps of AdamW at 1e-2 move each element by at most about 2e-2.
  scores[0]!.forEach((each, at) => assert.ok(Math.abs(each - scores[1]![at]!) < 2.5e-2));
});

Deno.test("a head is trained alone on one stored number for each channel of each row", () =>
  inScene(headed(), async (scene) => {
    const alone = headed().stages!.replace("edited.with", "base.with");
    await inScene(headed("", { stages: alone }), async (other) => {
      const { encode, members: [member] } = await resultsOf(other);
      assert.equal(encode[0]!.bytes, 6 * 16 * 4);
      assert.equal(member!.trainableParameters, 32);
    });
    assert.equal((await resultsOf(scene)).members[0]!.trainableParameters, 32 + 2 * 16 * 2 + 2);
  }));

Deno.test("saved loads an edit with its head, to evaluate or to continue training", () =>
  inScene(headed(), async (scene) => {
    const first = evaluationOf((await resultsOf(scene)).members[0]!);
    const folder = join("out", "members", "main", "intervention");
    await Deno.rename(scene.path(folder), scene.path("kept"));
    const stages = `{ again: evaluate(base.with(saved("./kept")), { data: heldOut, metrics }), ` +
      `more: evaluate(train(base.with(saved("./kept")), { data, epochs, batchSize, optimizer }), { data: heldOut, metrics }) }`;
    await inScene(headed("", { stages }), async (other) => {
      await Deno.rename(scene.path("kept"), other.path("kept"));
      const { members: [member] } = await resultsOf(other);
      const [again, more] = member!.stages.filter((stage) => stage.kind === "evaluate");
      assert.deepEqual(again!.metrics, first.metrics);
      assert.ok(more!.metrics["loss"]! < first.metrics["loss"]!);
    });
  }));

Deno.test("a regression's best member is the one with the smallest mean squared error", () => {
  const numbers = `records([{ text: "The cat", label: 1 }, { text: "Where is the dog", label: 3 }, ` +
    `{ text: "Two and two", label: 4 }], { text: "{text}", label: "{label}" })`;
  return inScene({
    data: numbers,
    heldOut: numbers,
    metrics: "[refract.mse(), loss()]",
    epochs: "6",
    optimizer: 'adamw({ learningRate: refract.sweep("rate", [1e-4, 3e-2, 1e-3]) })',
    stages: `(() => {
      const tuned = train(edited.with(refract.regression()), { data, epochs, batchSize, optimizer });
      const found = refract.best(evaluate(tuned, { data: heldOut, metrics }), refract.mse());
      return { tested: evaluate(found, { data: heldOut, metrics }) };
    })()`,
  }, async (scene) => {
    const { members } = await resultsOf(scene), best = members.at(-1)!;
    const errors = members.slice(0, -1).map((member) => evaluationOf(member).metrics["mse"]!);
    assert.equal(errors.length, 3);
    assert.equal(evaluationOf(best).metrics["mse"], Math.min(...errors));
    assert.deepEqual(best.axes, { rate: 3e-2 });
    const { mse, loss } = evaluationOf(best).metrics;
    assert.ok(Math.abs(mse! - loss!) < 1e-12);
  });
});

/**
 * Runs a test with an encoder whose last block is edited above its attention: there, only the first token is computed,
 * which the head reads.
 */
function inEncoderScene(positions: string, test: (scene: Scene) => Promise<void>): Promise<void> {
  const llama = { num_key_value_heads: undefined, head_dim: undefined, bos_token_id: undefined };
  const parts = headed("", { edit: "direft", at: "block(1).attention.output", positions, epochs: "3" });
  return inScene(parts, test, { config: { model_type: "bert", tie_word_embeddings: undefined, ...llama } });
}

Deno.test("members whose positions differ train together as they do separately, whether functions or texts choose them", () => {
  const positions = ["() => [0]", "() => [refract.fromEnd(1)]", '"f1"'];
  return inEncoderScene(`sweep("positions", [${positions.join(", ")}])`, async (scene) => {
    const together = lossesOf(await resultsOf(scene));
    assert.notDeepEqual(together[0], together[1]);
    for (const [at, each] of positions.entries()) {
      await inEncoderScene(each, async (alone) => {
        assert.deepEqual(lossesOf(await resultsOf(alone))[0], together[at], each);
      });
    }
  });
});

Deno.test("what is encoded for one choice of positions is not read for another", () =>
  inEncoderScene("() => [0]", (first) =>
    inEncoderScene("() => [refract.fromEnd(1)]", async (second) => {
      const expected = lossesOf(await resultsOf(second));
      await resultsOf(first);
      const shared = ["--store", first.path("store"), "--out", second.path("again"), "--threads", "1", "--json"];
      const { code, stdout, stderr } = await inProcess("run", second.pipeline, ...shared);
      assert.equal(code, 0, stderr);
      assert.deepEqual(lossesOf(JSON.parse(stdout)), expected);
    })));
