/** What a site has of a pipeline: everything that changes its training, or a refusal or a note. @module */
import assert from "node:assert/strict";
import {
  adafactor,
  adamw,
  baseModel,
  block,
  chat,
  dpo,
  evaluate,
  lora,
  loreft,
  loss,
  type Model,
  pipeline,
  prefer,
  records,
  red,
  sweep,
  train,
  type TrainOptions,
} from "refract";
import { expandPipeline } from "../../../pipelines/cli/requests/expand_pipeline.ts";
import { siteDefaults } from "../../../pipelines/interchange/web/defaults.ts";
import type { SiteTrained } from "../../../pipelines/web/site/trained.ts";

const rows = [{ q: "the cat", a: "red", s: [0] }, { q: "the dog", a: "blue", s: [1] }];
const data = records(rows, { prompt: "{q}\n", completion: "{a}" });
const at = block(2).output, edit = loreft({ at, positions: "l1", rank: 2 }), base = baseModel("builtin:tiny");
const usual: TrainOptions = { data, epochs: 2, batchSize: 2, optimizer: adamw({ learningRate: 1e-3 }) };
const trained = (model: Model, options: Partial<TrainOptions> = {}) => train(model, { ...usual, ...options });

/** The site of a pipeline with these stages. */
async function siteOf(build: Parameters<typeof pipeline>[1]) {
  const { members } = expandPipeline(pipeline("site", build), new Map()), notes: string[] = [];
  const reading = { base: "/" }, note = (message: string) => notes.push(message);
  const { choices, trained } = await siteDefaults({
    ...{ name: "site", members, reading, note },
    bundledAs: (source) => Promise.resolve(source),
  });
  return { choices, notes, ...trained as SiteTrained };
}

Deno.test("a site trains as its pipeline does: with its edits, its base and all settings", async () => {
  const settings = { dataParallel: 2, baseDropout: true, maxSteps: 3, maxGradNorm: 1, labelSmoothing: 0.1 };
  const other = red({ at: block(1).mlp.output, positions: "f1" });
  const options = { ...settings, gradientAccumulation: 2, shuffle: false, seed: 7 };
  const model = baseModel("owner/model", { revision: "v2", quantize: "q8" }).with(edit, other);
  const { choices, base, edits, training, notes } = await siteOf(() => ({ tuned: trained(model, options) }));
  assert.deepEqual(base, { source: "owner/model", revision: "v2", quantize: "q8" });
  assert.deepEqual(edits.map(({ kind, positions }) => [kind, positions]), [["loreft", "l1"], ["red", "f1"]]);
  const { optimizer, ...others } = training;
  assert.equal(optimizer.kind, "adamw");
  assert.deepEqual(others, { ...settings, gradientAccumulation: 2, shuffle: false });
  assert.deepEqual([choices.layer, choices.rank, choices.positions, choices.seed], ["2", 2, "l1", 7]);
  assert.deepEqual(choices.rows.records, rows.map(({ q, a }) => ({ prompt: `${q}\n`, completion: a })));
  assert.deepEqual(notes, [
    "the page's fields for the layer, the rank and the positions are the first edit's; the others keep theirs",
  ]);
});

const noted: readonly (readonly [what: string, build: Parameters<typeof pipeline>[1], says: RegExp])[] = [
  ["a sweep", () => {
    const swept = loreft({ at: block(sweep("layer", [1, 2])).output, positions: "l1", rank: sweep("rank", [1, 4]) });
    return { tuned: trained(base.with(swept)) };
  }, /^the site begins with layer=1,rank=1, the first of 4 members; --member names another$/],
  [
    "several trainings",
    () => ({ one: trained(base.with(edit)), two: trained(base.with(red({ at, positions: "all" }))) }),
    /^the site trains only "one", the first of "one", "two"$/,
  ],
  ["validation", () => {
    const validate = { data, metrics: [loss()] };
    return { tuned: trained(base.with(edit), { validate, keep: "best", patience: 1, checkpoints: [1] }) };
  }, /; the site omits validate, keep, patience, checkpoints$/],
];

for (const [what, build, says] of noted) {
  Deno.test(`a site notes that it lacks ${what}`, async () => {
    const { notes } = await siteOf(build);
    assert.equal(notes.length, 1, notes.join());
    assert.match(notes[0]!, says);
  });
}

Deno.test("a training that several evaluations use is one training", async () => {
  const tuned = trained(base.with(edit)), metrics = [loss()];
  const { notes } = await siteOf(() => ({
    a: evaluate(tuned, { data, metrics }),
    b: evaluate(tuned, { data: data.take(1), metrics }),
  }));
  assert.deepEqual(notes, []);
});

const refused: readonly (readonly [what: string, build: Parameters<typeof pipeline>[1], says: RegExp])[] = [
  ["no training", () => ({ e: evaluate(base, { data, metrics: [loss()] }) }), /trains nothing; give a pipeline with/],
  ["adapters", () => ({ t: trained(base.with(lora({ rank: 2 }))) }), /the pipeline trains lora; give one with loreft/],
  ["conversations", () => {
    const talks = chat([[{ role: "user", content: "a" }, { role: "assistant", content: "b" }]]);
    return { t: trained(base.with(edit), { data: talks }) };
  }, /the pipeline trains on conversations; give rows with a template/],
  ["preferences", () => {
    const pairs = records(rows, prefer({ prompt: "{q}", chosen: " {a}", rejected: " no" }));
    return { t: trained(base.with(edit), { data: pairs, objective: dpo({ beta: 0.1 }) }) };
  }, /a page trains only on completions; omit the objective/],
  ["an optimizer that sets its own learning rate", () => {
    return { t: trained(base.with(edit), { optimizer: adafactor() }) };
  }, /adafactor without a learning rate sets its own/],
  ["positions of a field", () => {
    return { t: trained(base.with(loreft({ at, positions: "{q}", rank: 2 }))) };
  }, /the edit reads a field of each row.*; write positions as in l1/],
  ["a subspace of a field", () => {
    return { t: trained(base.with(loreft({ at, positions: "l1", rank: 2, subspace: "s" }))) };
  }, /the edit reads a field of each row/],
  ["other texts that are read", () => {
    const read = records(rows, { prompt: "{q}\n", completion: "{a}", reads: "{q}" });
    return { t: trained(base.with(edit), { data: read }) };
  }, /a page's rows have no reads, as this has; omit it from the template/],
  ["another tokenization", () => {
    const apart = records(rows, { prompt: "{q}\n", completion: "{a}", tokenization: "apart" });
    return { t: trained(base.with(edit), { data: apart }) };
  }, /a page's rows have no tokenization, as this has; omit it from the template/],
  ["preferences without an objective", () => {
    const pairs = records(rows, prefer({ prompt: "{q}", chosen: " {a}", rejected: " no" }));
    return { t: trained(base.with(edit), { data: pairs }) };
  }, /each of a page's own rows is a prompt and a completion/],
  // As its file may be, without types.
  ["a training in place of a model", () => {
    const tuned: unknown = trained(base.with(edit));
    return { t: trained(tuned as Model) };
  }, /model is of the kind train; give a model/],
];

for (const [what, build, says] of refused) {
  Deno.test(`a pipeline with ${what} is refused in one line`, async () => {
    await assert.rejects(siteOf(build), (error: Error) => {
      assert.equal(error.name, "RequestError", error.stack);
      assert.match(error.message, says);
      return true;
    });
  });
}
