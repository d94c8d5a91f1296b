/** Evaluations of rows that are not all in memory. @module */
import assert from "node:assert/strict";
import { inScene } from "../../../support/scene.ts";
import { evaluationOf, lossesOf, resultsOf } from "../support.ts";

/** So many and so long that not all rows are in memory at once. */
const [count, pad] = [1000, "x".repeat(12_000)];

Deno.test("training and evaluating many rows has the same results as with all rows in memory", async () => {
  const text = Array.from({ length: count }, (_, at) => JSON.stringify({ q: `${at % 9} cats`, a: `${at % 3}`, pad }))
    .join(
      "\n",
    );
  const runs = await Promise.all(["", ".map((row) => ({ ...row, when: new Date(0) }))"].map(async (view) => {
    let found: unknown;
    await inScene({
      preamble: `const many = jsonl("./many.jsonl", template)${view};`,
      data: "many",
      heldOut: "many",
      epochs: "1",
      batchSize: "64",
      trainSettings: "maxSteps: 6",
      metrics: "[exactMatch(), loss()]",
      decoding: "greedy({ maxNewTokens: 1 })",
    }, async (scene) => {
      await scene.write("many.jsonl", text);
      const results = await resultsOf(scene), { predictions, metrics } = evaluationOf(results.members[0]!);
      const kept = scene.entries.filter((path) => path.startsWith("rows/")).length;
      assert.equal(kept > 0, view === "");
      found = [lossesOf(results), metrics, await Deno.readTextFile(scene.path("out", predictions))];
    });
    return found;
  }));
  assert.deepEqual(runs[1], runs[0]);
});
