/** That a model is right which writes the very tokens that it was taught, whatever its tokenizer makes of their text. @module */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { inProcessWith } from "../../../../support/command.ts";
import { inScene, type PipelineParts, type Scene } from "../../../../support/scene.ts";
import { evaluationOf, predictionsOf, resultsOf } from "../../../../pipelines/schedule/support.ts";

const builtin = fileURLToPath(new URL("../../../../../pipelines/models/builtin/tiny/", import.meta.url));

const rows = [
  { q: "what , then", a: "it 's a cat , no ?" },
  { q: "who is n't far", a: "they 've ' a ' dog" },
];

/** A training that learns every row by heart, in a scene whose tokenizer cleans up spaces. */
const parts = {
  preamble: `const listed = records(${JSON.stringify(rows)}, { prompt: "{q}\\n", completion: "{a}" });`,
  source: `"./cleaning"`,
  edit: `...(() => [lora({ rank: 16, modules: ["q_proj", "v_proj", "o_proj", "up_proj", "down_proj"] })])`,
  data: "listed",
  heldOut: "listed",
  epochs: "80",
  decoding: "greedy({ maxNewTokens: 24 })",
} satisfies Partial<PipelineParts>;

function inCleaningScene(changed: Partial<PipelineParts>, test: (scene: Scene) => Promise<void>): Promise<void> {
  return inScene({ ...parts, ...changed }, async (scene) => {
    await Deno.mkdir(scene.path("cleaning"));
    for (const name of ["config.json", "model.safetensors", "tokenizer.json"]) {
      await Deno.copyFile(builtin + name, scene.path("cleaning", name));
    }
    const config = JSON.parse(await Deno.readTextFile(`${builtin}tokenizer_config.json`));
    await scene.write(
      "cleaning/tokenizer_config.json",
      JSON.stringify({ ...config, clean_up_tokenization_spaces: true }),
    );
    await test(scene);
  });
}

Deno.test("exactMatch() of taught tokens is 1 where spaces are cleaned up, and chat shows what an evaluation does", () =>
  inCleaningScene({}, async (scene) => {
    const { members: [member] } = await resultsOf(scene);
    const { metrics, predictions } = evaluationOf(member!);
    const text = await Deno.readTextFile(scene.path("out", predictions));
    assert.deepEqual(predictionsOf(text), ["it's a cat, no?", "they've'a'dog"]);
    assert.equal(JSON.parse(text.split("\n")[0]!).completion, rows[0]!.a);
    assert.equal(metrics["exactMatch"], 1);
    const store = ["--store", scene.path("store"), "--threads", "1"];
    const { code, stdout, stderr } = await inProcessWith(rows.map(({ q }) => q), "chat", scene.path("out"), ...store);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, predictionsOf(text).map((answer) => `${answer}\n`).join(""));
  }));

Deno.test("positions find a field whose spaces would be cleaned up, and pieces are what tokens say", () =>
  inCleaningScene({ edit: "loreft", at: "block(1).output", positions: `"{q}.l1"`, epochs: "1" }, async (scene) => {
    await resultsOf(scene);
    const asked = `(({ text, pieces }) => [pieces.lastIndexOf(" ,") >= 0 && text.includes(" ,") ? 0 : 1])`;
    const first = `...(({ at }) => [loreft({ at, positions: () => [0], rank: 2 })])`;
    const found = `...(({ at }) => [loreft({ at, positions: ${asked}, rank: 2 })])`;
    const losses = async (edit: string) => {
      let of: unknown;
      const one = { heldOut: "listed.take(1)", data: "listed.take(1)", epochs: "2", at: "block(1).output", edit };
      await inCleaningScene(one, async (scene) => {
        const { members: [member] } = await resultsOf(scene);
        of = member!.stages.flatMap((stage) => (stage.kind === "train" ? stage.losses : []));
      });
      return of;
    };
    assert.deepEqual(await losses(found), await losses(first));
  }));

Deno.test("accuracy() of choices compares them as they are written", () =>
  inCleaningScene({
    decoding: `choices(${JSON.stringify(rows.map(({ a }) => a))})`,
    metrics: "[accuracy()]",
  }, async (scene) => {
    const { members: [member] } = await resultsOf(scene), { metrics, predictions } = evaluationOf(member!);
    assert.equal(metrics["accuracy"], 1);
    const text = await Deno.readTextFile(scene.path("out", predictions));
    assert.deepEqual(predictionsOf(text), rows.map(({ a }) => a));
  }));

Deno.test("choices of which one begins another are told apart by their end, unless it does not count", () => {
  const begun = [
    { q: "how many legs has a bird", a: "two" },
    { q: "how many legs have ten birds and a dog", a: "two dozen" },
    { q: "is it far", a: "not far" },
    { q: "may I", a: "not" },
  ];
  const options = JSON.stringify(begun.map(({ a }) => a));
  const stage = (name: string, settings: string) =>
    `${name}: evaluate(tuned, { data: listed, decoding: choices(${options}${settings}), metrics: [accuracy()] })`;
  return inScene({
    ...parts,
    source: `"builtin:tiny"`,
    preamble: `const listed = records(${JSON.stringify(begun)}, { prompt: "{q}\\n", completion: "{a}" });`,
    stages: `{ ${stage("ended", "")}, ${stage("open", ", { end: false }")} }`,
  }, async (scene) => {
    const { members: [member] } = await resultsOf(scene);
    const accuracies = member!.stages.flatMap((stage) => stage.kind === "evaluate" ? [stage.metrics["accuracy"]] : []);
    assert.equal(accuracies[0], 1);
    assert.ok(accuracies[1]! < 1, "the longer of two is never likelier");
  });
});

Deno.test("a stop text in the prompt does not end the answer", () => {
  const asked = [{ q: "say stop", a: "a cat stop and a dog" }, { q: "stop", a: "no" }];
  return inScene({
    ...parts,
    source: `"builtin:tiny"`,
    preamble: `const listed = records(${JSON.stringify(asked)}, { prompt: "{q}\\n", completion: "{a}" });`,
    decoding: `greedy({ maxNewTokens: 24, stop: ["stop"] })`,
  }, async (scene) => {
    const { members: [member] } = await resultsOf(scene);
    const text = await Deno.readTextFile(scene.path("out", evaluationOf(member!).predictions));
    assert.deepEqual(predictionsOf(text), ["a cat ", "no"]);
  });
});
