/** Everything that an edit may be, trained and evaluated: sites, positions, kinds, and several together. @module */
import assert from "node:assert/strict";
import type { Results } from "../../../pipelines/report/results.ts";
import { inProcess } from "../../support/command.ts";
import { inScene } from "../../support/scene.ts";
import { assertClose, onlyMember, predictionsOf } from "./support.ts";

// The evaluation runs every token of a row in one go, the training its tail over the context's kept values.
for (
  const [positions, settings] of [["l1", ""], ["l3", ""], ["f2", ""], ["f1+l2", ""], ["f1+l2", "tied: true"], [
    "f7+l7",
    "",
  ], ["all", ""]]
) {
  Deno.test(`a first step's loss is the evaluation's at ${positions}${settings && `, ${settings}`}`, async () => {
    const { losses, metrics } = await onlyMember({
      at: 'block("all").output',
      positions: JSON.stringify(positions),
      editSettings: settings!,
      batchSize: "8",
      epochs: "1",
      optimizer: "adamw({ learningRate: 0 })",
      heldOut: "rows",
      metrics: "[loss()]",
    });
    assertClose(losses, [metrics["loss"]!], 2e-6);
  });
}

for (
  const [chosen, named] of [
    ["({ ids }) => [ids.length - 1, -2]", '"l2"'],
    ["({ pieces }) => pieces.map((_, index) => index)", '"all"'],
    ["({ text, pieces }) => text.endsWith('\\n') && pieces.at(-1) === '\\n' ? [-1] : []", '"l1"'],
  ] as const
) {
  Deno.test(`positions chosen by ${chosen} give what ${named} gives`, async () => {
    const byName = await onlyMember({ positions: named, metrics: "[loss()]" });
    const byFunction = await onlyMember({ positions: chosen, metrics: "[loss()]" });
    assertClose(byFunction.losses, byName.losses, 1e-6);
    assert.deepEqual(predictionsOf(byFunction.predictions), predictionsOf(byName.predictions));
  });
}

Deno.test("what a function chooses decides what a run takes from the store", () =>
  inScene({ positions: "() => [-1]", metrics: "[loss()]" }, async (scene) => {
    const trained = async (positions: string, name: string) => {
      const text = (await Deno.readTextFile(scene.pipeline)).replace("() => [-1]", positions);
      await scene.write(name, text);
      const { code, stdout, stderr } = await inProcess("run", scene.path(name), ...scene.places, "--json");
      assert.equal(code, 0, stderr);
      const { members: [member] }: Results = JSON.parse(stdout);
      return member!.stages.map(({ cached }) => cached);
    };
    assert.deepEqual(await trained("() => [-1]", "first.ts"), [false, false]);
    assert.deepEqual(await trained("({ ids }) => [ids.length - 1]", "same.ts"), [true, true]);
    assert.deepEqual(await trained("() => [-2]", "other.ts"), [false, false]);
  }));

const sites = [
  "embedding.output",
  "block(1).input",
  "block(1).attention.query",
  "block(1).attention.key",
  "block(1).attention.value",
  "block(1).attention.head(1).output",
  "block(1).attention.output",
  "block(1).mlp.gate",
  "block(1).mlp.activation",
  "block(1).mlp.up",
  "block(1).mlp.output",
  "finalNorm.output",
];

/** An edit as the scene has it, with adapters before and behind it. */
const composed = (...edits: readonly string[]) => `...((options) => [${edits.join(", ")}])`;
const kinds = {
  ...Object.fromEntries(["red", "road", "reftR1"].map((name) => {
    return [name, composed(`refract.${name}({ at: options.at, positions: options.positions })`)];
  })),
  "lora": composed("lora({ rank: 2, alpha: 4, blocks: [1] })"),
  "dora": composed("refract.dora({ rank: 2, alpha: 4, modules: ['v_proj', 'down_proj'] })"),
  "prefixTuning": composed("refract.prefixTuning({ tokens: 3 })"),
  "loreft behind a prefix": composed("refract.prefixTuning({ tokens: 2 })", "loreft(options)"),
  "ia3 and bitfit": composed("ia3()", "bitfit({ blocks: 0 })"),
  "lora before loreft": composed("lora({ rank: 2 })", "loreft(options)"),
};

for (
  const [label, parts] of [
    ...sites.map((at) => [at, { at }] as const),
    ...["completion", "generated"].map((text) => [text, { positions: JSON.stringify(text) }] as const),
    ...Object.entries(kinds).map(([label, edit]) => [label, { edit }] as const),
  ]
) {
  Deno.test(`a training of ${label} starts at the evaluation's loss, learns, and answers a row as in a batch`, async () => {
    const both = `{ one: evaluate(tuned, { data: rows, metrics, decoding, batchSize: 1 }) }`;
    const settings = { ...parts, batchSize: "8", heldOut: "rows", metrics: "[loss()]" };
    const still = await onlyMember({ ...settings, epochs: "1", optimizer: "adamw({ learningRate: 0 })" });
    assertClose(still.losses, [still.metrics["loss"]!], 2e-6);
    const learned = await onlyMember({ ...settings, epochs: "8", optimizer: "adamw({ learningRate: 3e-2 })" });
    assert.ok(learned.metrics["loss"]! < still.metrics["loss"]!);
    const alone = await onlyMember({
      ...settings,
      epochs: "8",
      optimizer: "adamw({ learningRate: 3e-2 })",
      stages: both,
    });
    assert.equal(alone.predictions.split("\n").length, learned.predictions.split("\n").length);
    assert.deepEqual(predictionsOf(alone.predictions), predictionsOf(learned.predictions));
  });
}

Deno.test("edits at one site compose in the order of their declaration", async () => {
  const first = "red({ at: options.at, positions: options.positions })", second = "loreft(options)";
  const settings = { epochs: "2", heldOut: "rows", metrics: "[loss()]" };
  const lossOf = async (...edits: readonly string[]) => {
    return (await onlyMember({ ...settings, edit: composed(...edits) })).metrics["loss"];
  };
  assert.notEqual(await lossOf(first, second), await lossOf(second, first));
});
