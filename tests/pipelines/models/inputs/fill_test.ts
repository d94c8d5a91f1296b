/** Inputs that the host fills have their declared shapes, and do not depend on padding or on other rows. @module */
import assert from "node:assert/strict";
import { evaluateShape } from "../../../../ops/program/dimension.ts";
import { runFeeds } from "../../../../pipelines/models/architecture/model_inputs.ts";
import { declaredShapes, drawing, elementsOf, inputNames, modelsWith, upTo } from "./support.ts";

for (const kind of inputNames) {
  Deno.test(`inputs have their declared shapes, and each row's values are those that it has alone: ${kind}`, () => {
    const models = modelsWith(kind);
    assert.ok(models.length > 0, "no family has the kind");
    for (const [ordinal, model] of models.entries()) {
      const draw = drawing(kind, ordinal);
      // With bidirectional attention there is no earlier run.
      const rows = upTo(4).map(() => {
        const filled = model.causal ? draw(0, 5) : 0, tokens = upTo(draw(1, 7)), types = tokens.map(() => draw(0, 1));
        return { filled, encoded: draw(1, 6), row: { tokens, start: filled, types } };
      });
      const widest = Math.max(...rows.map(({ filled }) => filled));
      const run = { name: "run", batch: "batch", seen: "batch", encoded: "encoded" };
      const extents = model.causal ? { ...run, before: ["past"] } : run;
      const declared = declaredShapes(model, extents);
      const fill = (some: typeof rows, width: number) => {
        const length = Math.max(...some.map(({ row: { tokens } }) => tokens.length));
        const past = model.causal ? { past: { width, filled: some.map(({ filled }) => filled) } } : {};
        const filled = some.map(({ encoded }) => encoded), encoded = { width: Math.max(...filled), filled };
        const feeds = runFeeds("run", model, { rows: some.map(({ row }) => row), length, encoded, ...past });
        return { feeds, length, width, encoded: encoded.width };
      };
      const all = fill(rows, widest);
      assert.deepEqual(Object.keys(all.feeds), ["run.tokens", ...declared.keys()]);
      for (const [name, dimensions] of declared) {
        const bindings = { batch: rows.length, run: all.length, past: widest, encoded: all.encoded };
        assert.deepEqual(all.feeds[name]!.shape, evaluateShape(dimensions, bindings), name);
        rows.forEach((each, row) => {
          const alone = fill([each], each.filled), { row: { tokens: { length } }, filled, encoded } = each;
          const own = (row: number, { length: padded, width }: typeof all) => {
            const indices = {
              row,
              tokens: upTo(length),
              keys: [...upTo(filled), ...upTo(length, width)],
              length: padded,
            };
            return { ...indices, encoded: upTo(encoded) };
          };
          assert.deepEqual(
            elementsOf(all.feeds[name]!, dimensions, extents, model, own(row, all)),
            elementsOf(alone.feeds[name]!, dimensions, extents, model, own(0, alone)),
            `${name} of row ${row}`,
          );
        });
      }
    }
  });
}
