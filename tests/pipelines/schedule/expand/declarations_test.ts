import assert from "node:assert/strict";
import { adamw, baseModel, best, block, evaluate, exactMatch, loreft, records, sweep, train } from "refract";
import { axesIn, bestsIn } from "../../../../pipelines/schedule/expand/declarations.ts";

const rows = records([{ q: "a", a: "b" }], { prompt: "{q}", completion: "{a}" });

Deno.test("axesIn() finds each axis once, also in the values of axes", () => {
  const rank = sweep("rank", [1, 2]), edit = sweep("edit", [{ rank }, { rank, more: [rank] }]);
  assert.deepEqual([...axesIn({ edit, rank })].map(({ name }) => name), ["edit", "rank"]);
});

Deno.test("bestsIn() finds the best members that a stage continues with, innermost first", () => {
  const edited = baseModel("./model").with(
    loreft({ at: block(0).output, positions: "l1", rank: sweep("rank", [1, 2]) }),
  );
  const settings = { data: rows, epochs: 1, batchSize: 1, optimizer: adamw({ learningRate: 1e-3 }) };
  const measured = { data: rows, metrics: [exactMatch()] };
  const first = best(evaluate(train(edited, settings), measured), exactMatch());
  const second = best(evaluate(train(first, { ...settings, epochs: 2 }), measured), exactMatch());
  assert.deepEqual(bestsIn({ last: evaluate(second, measured) }), [first, second]);
});
