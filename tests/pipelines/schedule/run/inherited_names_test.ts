/** Fields, labels, axes and stages may have the names of properties that every object inherits. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import {
  accuracy,
  activations,
  adamw,
  baseModel,
  block,
  choices,
  classification,
  evaluate,
  exactMatch,
  greedy,
  jsonl,
  loss,
  noreft,
  pipeline,
  sweep,
  train,
  tsv,
} from "refract";
import { runIn } from "../../../support/trajectory.ts";
import { inFolder } from "../../models/support.ts";

/** Assigning to `__proto__` has a special meaning; it can't be the name of an axis, which has to be a word. */
const names = [
  { name: "constructor", axis: "constructor" },
  { name: "hasOwnProperty", axis: "toString" },
  { name: "__proto__", axis: "valueOf" },
];

const optimizer = adamw({ learningRate: 1e-2 }), settings = { epochs: 1, batchSize: 2, optimizer };

for (const { name, axis } of names) {
  Deno.test(`a run has rows, labels, stages and an axis named ${name} and ${axis}`, () =>
    inFolder(async (folder) => {
      const values = ["one", "two", "one"];
      const lines = values.map((value) => JSON.stringify(Object.fromEntries([["options", values], [name, value]])));
      await Deno.writeTextFile(join(folder, "rows.jsonl"), lines.join("\n"));
      await Deno.writeTextFile(join(folder, "rows.tsv"), `${name}\tlabel\nw one\t${name}\nw two\tother\n`);
      const rows = jsonl("./rows.jsonl", { prompt: `a {${name}} is\n`, completion: `{${name}}` });
      const labelled = tsv("./rows.tsv", { text: `{${name}}`, label: "{label}" });
      const seen: unknown[] = [];
      const declared = pipeline("names", () => {
        const base = baseModel("builtin:tiny"), at = block(1).output, rank = sweep(axis, [1, 2]);
        const subspace = (fields: Readonly<Record<string, unknown>>) => {
          seen.push(new Map(Object.entries(fields)).get(name));
          return [0];
        };
        const tuned = train(base.with(noreft({ at, positions: `{${name}}`, rank, subspace })), {
          data: rows,
          ...settings,
        });
        const head = classification({ labels: [name, "other"] });
        const told = train(base.with(head), { data: labelled, ...settings });
        return Object.fromEntries([
          [name, evaluate(tuned, { data: rows, metrics: [exactMatch()], decoding: greedy({ maxNewTokens: 2 }) })],
          ["chosen", evaluate(tuned, { data: rows, metrics: [accuracy()], decoding: choices("options") })],
          ["told", evaluate(told, { data: labelled, metrics: [loss()] })],
          ["written", activations(tuned, { data: rows, positions: `{${name}}`, logits: false })],
        ]);
      });
      const members = await runIn(folder, folder, declared);
      assert.deepEqual(members.map(({ id }) => id), [`${axis}=1`, `${axis}=2`]);
      assert.deepEqual(members.map(({ axes }) => Object.entries(axes)), [[[axis, 1]], [[axis, 2]]]);
      assert.ok(
        members.every(({ stages }) => stages.some((stage) => stage.name === name && stage.kind === "evaluate")),
      );
      assert.deepEqual(new Set(seen), new Set(values));
      const told = await Deno.readTextFile(join(folder, "out", "members", `${axis}=1`, "told", "predictions.jsonl"));
      const [first] = told.split("\n").map((line) => new Map(Object.entries(JSON.parse(line || "{}"))));
      assert.deepEqual(Object.keys(first!.get("probabilities") as object), [name, "other"]);
    }));
}
