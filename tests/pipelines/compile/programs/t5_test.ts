/** The constant parts of T5 in a training: the encoder if only the decoder is edited, and the blocks below an edit. */
import assert from "node:assert/strict";
import { leafName, leavesOf, type Program } from "../../../../ops/program/program.ts";
import { lowerAdaptations } from "../../../../pipelines/compile/lower/lower_adaptations.ts";
import { bucketOf } from "../../../../pipelines/models/inputs/distance_buckets.ts";
import { layOut } from "../../../../pipelines/compile/rows/laid_out_rows.ts";
import { wholeRows } from "../../../../pipelines/compile/rows/layout.ts";
import { compileTraining } from "../../../../pipelines/compile/frontier/compiled_training.ts";
import { ConfigReader } from "../../../../pipelines/models/architecture/config.ts";
import { architectureOf } from "../../../../pipelines/models/families/mod.ts";
import { decoder, encoder, loreft, type SiteSpec } from "refract";
import type { Resolved, TrainableSpec } from "../../../../pipelines/spec/mod.ts";
import { usualStepping } from "../support.ts";
import { tinyT5Config } from "../../../support/tiny_t5.ts";

const architecture = architectureOf(new ConfigReader("config.json", tinyT5Config));
const [prompt, completion] = [200, 8].map((length) => new Array<number>(length).fill(1)) as [number[], number[]];
const row = layOut({ prompt, completion, source: { text: "", fields: {}, spans: {} } }, wholeRows(architecture, []));

function trainingOf(at: SiteSpec) {
  const edit = loreft({ at, positions: "f1", rank: 2 }) as Resolved<TrainableSpec>;
  const members = [lowerAdaptations([edit], architecture)];
  const model = { architecture, storedType: () => "float32" as const, members, full: false };
  return compileTraining(model, wholeRows(architecture, []), usualStepping, [row]);
}

/** The blocks of a stack whose weights a program reads; the table of distances is omitted, as all blocks share it. */
function blocksRead(program: Program, stack: string): number[] {
  const names = leavesOf(program, "weight").map(leafName).filter((name) => !name.includes("relative_attention_bias"));
  const found = names.flatMap((name) => new RegExp(`^${stack}\\.block\\.(\\d+)\\.`).exec(name)?.[1] ?? []);
  return [...new Set(found.map(Number))].sort();
}

Deno.test("a step with edits only in the decoder reads neither the encoder nor the blocks below the edits", () => {
  const { accumulate, readsContext, kept } = trainingOf(decoder.block(1).output);
  assert.deepEqual(blocksRead(accumulate, "encoder"), []);
  assert.deepEqual(blocksRead(accumulate, "decoder"), [2]);
  assert.equal(readsContext, false);
  const ofContext = kept.filter(({ value }) => value.shape.includes("context"));
  assert.deepEqual(ofContext.map(({ value }) => value.shape), [["batch", 3, "context", 6], ["batch", 3, "context", 6]]);
});

Deno.test("a step with an edit of the encoder's first block reads only the blocks above it, and the decoder", () => {
  const { accumulate } = trainingOf(encoder.block(0).output);
  assert.deepEqual(blocksRead(accumulate, "encoder"), [1]);
  assert.deepEqual(blocksRead(accumulate, "decoder"), [0, 1, 2]);
  assert.ok(!leavesOf(accumulate, "input").map(leafName).includes("context.tokens"));
});

Deno.test("distances fall into transformers' buckets", async () => {
  const golden = new URL("../../../goldens/t5/buckets.json", import.meta.url);
  const { mostDistant, tables } = JSON.parse(await Deno.readTextFile(golden));
  assert.equal(tables.length, 10);
  for (const { count, most, causal, changes } of tables) {
    const found: [number, number][] = [];
    for (let distance = -mostDistant; distance <= mostDistant; distance++) {
      const bucket = bucketOf(distance, { count, most }, causal);
      if (found.at(-1)?.[1] !== bucket) found.push([distance, bucket]);
    }
    assert.deepEqual(found, changes, `${count} buckets up to ${most}, ${causal ? "causal" : "both ways"}`);
  }
});
