import assert from "node:assert/strict";
import { resolve } from "node:path";
import { adamw, baseModel, block, chat, hub, jsonl, loreft, pipeline, type Rows, sweep, train } from "refract";
import type { StageSpec } from "refract";
import { expand } from "../../../../pipelines/schedule/expand/expand.ts";
import { fromHub, otherFilesOf, redirect, sourcesIn } from "../../../../pipelines/schedule/expand/redirect.ts";

const template = { prompt: "{q}", completion: "{a}" }, location = { file: "recipe.yaml", line: 3 };
const training = (source: string, paths: readonly string[], initial?: string): StageSpec => {
  const edit = loreft({ at: block(0).output, positions: "l1", rank: 1, ...initial === undefined ? {} : { initial } });
  const data = sweep("data", paths.map((path) => jsonl(path, template)));
  const optimizer = adamw({ learningRate: 1e-3 });
  return train(baseModel(source, { revision: "v1" }).with(edit), { data, epochs: 1, batchSize: 1, optimizer });
};
const expansionOf = (...declared: Parameters<typeof training>) => {
  return expand(pipeline("p", () => ({ tuned: training(...declared) })));
};
const base = "/pipelines";

Deno.test("without a recipe data have their declared paths, and hub models keep their names", async () => {
  const { data, bases, expansion } = await redirect(expansionOf("owner/model", ["./a.jsonl"]), base, {});
  assert.deepEqual([...data], [["./a.jsonl", resolve(base, "a.jsonl")]]);
  assert.deepEqual([...bases], [["owner/model", "owner/model"]]);
  const { tuned } = expansion.members[0]!.stages;
  assert.ok(tuned?.kind === "train" && tuned.data.kind === "jsonl");
  assert.deepEqual([tuned.data.path, tuned.model.base.revision], ["./a.jsonl", "v1"]);
});

Deno.test("a recipe replaces data and models, drops the models' revisions, and quantizes", async () => {
  const recipe = {
    data: [{ from: "a.jsonl", to: "/other/b.jsonl", location }],
    base: [{ from: undefined, to: "/other/model", location }],
    quantize: "q4",
  } as const;
  const { data, bases, expansion } = await redirect(expansionOf("owner/model", ["./a.jsonl"]), base, recipe);
  assert.deepEqual([...data.values(), ...bases.values()], ["/other/b.jsonl", "/other/model"]);
  const { tuned } = expansion.members[0]!.stages;
  assert.ok(tuned?.kind === "train" && tuned.data.kind === "jsonl");
  assert.equal(tuned.data.path, "/other/b.jsonl");
  const { source, revision, quantize } = tuned.model.base;
  assert.deepEqual({ source, revision, quantize }, { source: "/other/model", revision: undefined, quantize: "q4" });
});

Deno.test("a recipe replaces files, conversations and hub data sets by hub data sets", async () => {
  const rows = jsonl("./a.jsonl", template), talks = chat("./talks.jsonl"), optimizer = adamw({ learningRate: 1e-3 });
  const gsm8k = hub("openai/gsm8k", { config: "main", split: "train", revision: "v1" }, template);
  const edited = baseModel("m").with(loreft({ at: block(0).output, positions: "l1", rank: 1 }));
  const expansion = expand(pipeline("p", () => {
    const trained = (data: Rows) => train(edited, { data, epochs: 1, batchSize: 1, optimizer });
    return { rows: trained(rows.take(2)), talks: trained(talks), gsm8k: trained(gsm8k) };
  }));
  const data = [
    { from: "a.jsonl", to: { hub: "o/a", split: "test" }, location },
    { from: "./talks.jsonl", to: { hub: "o/talks", revision: "main" }, location },
    { from: "openai/gsm8k", to: { hub: "o/gsm", config: "socratic" }, location },
  ];
  const { data: files, hubs, expansion: { members } } = await redirect(expansion, base, { data });
  assert.deepEqual([[...files], [...hubs.keys()]], [[], ["./a.jsonl", "./talks.jsonl", "openai/gsm8k"]]);
  const sources = sourcesIn(members).map((source) => JSON.parse(JSON.stringify(source)));
  assert.deepEqual(sources, [
    { kind: "hub", id: "o/a", splitName: "test", template },
    { kind: "chat", loss: "completion", conversations: { kind: "hub", id: "o/talks", revision: "main" } },
    { kind: "hub", id: "o/gsm", config: "socratic", splitName: "train", template },
  ]);
  assert.deepEqual(sourcesIn(expansion.members).flatMap((source) => fromHub(source, hubs) ?? []).length, 3);
  await assert.rejects(
    redirect(expansion, base, { data: [{ from: "openai/gsm8k", to: "/b.jsonl", location }] }),
    /^RequestError: recipe\.yaml:3: "openai\/gsm8k" is a hub data set; give another hub data set, as in \{ hub: /,
  );
});

Deno.test("a recipe that names something that the pipeline lacks is refused with its location", async () => {
  const wrong = { data: [{ from: "c.jsonl", to: "/b.jsonl", location }] };
  await assert.rejects(redirect(expansionOf("m", ["a.jsonl"]), base, wrong), {
    name: "RequestError",
    message: /^recipe\.yaml:3: the pipeline has no data "c\.jsonl"; /,
  });
});

Deno.test("the initial files of edits are among the other files that members name", () => {
  const { members } = expansionOf("m", ["a.jsonl"], "./start.safetensors");
  assert.deepEqual(otherFilesOf(members), ["./start.safetensors"]);
});
