/** The feeds of rows have the names and shapes that programs declare, and follow from the layout. */
import assert from "node:assert/strict";
import { evaluateShape } from "../../../../ops/program/dimension.ts";
import { leafName, type Value } from "../../../../ops/program/program.ts";
import { exampleFeeds, fedNumbers, sharedFeeds } from "../../../../pipelines/compile/rows/feeds.ts";
import { groupExtents, layOut } from "../../../../pipelines/compile/rows/laid_out_rows.ts";
import { cutRows, wholeRows } from "../../../../pipelines/compile/rows/layout.ts";
import { isExampleInput, isSharedInput, segmentInputs } from "../../../../pipelines/compile/rows/segment_inputs.ts";
import { inputConfigsWith } from "../../models/inputs/support.ts";
import { bertArchitecture, exampleOf, lowered, t5Architecture, tinyArchitecture } from "./support.ts";

const prefix = lowered(tinyArchitecture, { kind: "prefixTuning", tokens: 3 });
const everyCausalInput = { ...tinyArchitecture, inputs: inputConfigsWith(tinyArchitecture.inputs) };

const layouts = {
  "whole rows": [tinyArchitecture, wholeRows(tinyArchitecture, [])],
  "whole rows after a trained prefix": [tinyArchitecture, wholeRows(tinyArchitecture, prefix)],
  "a context and a tail": [tinyArchitecture, cutRows(2, 0)],
  "shared tokens, a context and a tail": [tinyArchitecture, cutRows(2, 4)],
  "the same with all kinds of inputs": [everyCausalInput, cutRows(2, 4)],
  "an encoder's rows": [bertArchitecture, wholeRows(bertArchitecture, [])],
  "rows of two stacks": [t5Architecture, wholeRows(t5Architecture, [])],
} as const;

const leaves = (tree: object): Value[] => "op" in tree ? [tree as Value] : Object.values(tree).flatMap(leaves);

for (const [name, [architecture, layout]] of Object.entries(layouts)) {
  Deno.test(`feeds have the names and shapes that programs declare: ${name}`, () => {
    const rows = [exampleOf(9, 2), exampleOf(6, 5), exampleOf(12, 1)].map((each) => layOut(each, layout));
    const all = { ...exampleFeeds(rows, layout, architecture, []), ...sharedFeeds(rows[0]!, layout, architecture) };
    const declared = layout.segments.flatMap((segment) => leaves(segmentInputs(architecture, layout, segment)));
    for (const leaf of declared) {
      const fed = all[leafName(leaf)];
      assert.deepEqual(fed?.shape, evaluateShape(leaf.shape, { batch: 3, ...groupExtents(rows) }), leafName(leaf));
      assert.ok(isExampleInput(leaf));
      assert.equal(isSharedInput(leaf), leafName(leaf).startsWith("shared."));
    }
    const names = [...declared.map(leafName), "labelled.indices", "labelled.targets"];
    assert.deepEqual(Object.keys(all).sort(), [...new Set(names)].sort());
  });
}

Deno.test("exampleFeeds() omits inputs that the program does not use", () => {
  const layout = cutRows(2, 4), rows = [layOut(exampleOf(9, 2), layout)];
  const named = (readsContext: boolean) =>
    Object.keys(exampleFeeds(rows, layout, tinyArchitecture, [], readsContext)).map((name) => name.split(".")[0]);
  assert.deepEqual(new Set(named(true)), new Set(["labelled", "context", "tail"]));
  assert.deepEqual(new Set(named(false)), new Set(["labelled", "tail"]));
});

Deno.test("a segment's positions begin after all tokens that it attends to", () => {
  const gpt2 = { ...tinyArchitecture, inputs: { masks: { full: null }, positions: { offset: 0 } } };
  const layout = cutRows(2, 4), rows = [exampleOf(9, 2), exampleOf(7, 1)].map((each) => layOut(each, layout));
  const { "context.positions": context, "tail.positions": tail } = exampleFeeds(rows, layout, gpt2, []);
  // Padding has the position of the row's last token.
  assert.deepEqual(Array.from(context!.data, Number), [4, 5, 6, 4, 4, 4]);
  assert.deepEqual(Array.from(tail!.data, Number), [7, 8, 9, 5, 6, 6]);
  const virtual = wholeRows(tinyArchitecture, prefix), [row] = [layOut(exampleOf(4, 1), virtual)];
  const { "tail.positions": after } = exampleFeeds([row!], virtual, gpt2, []);
  assert.deepEqual(Array.from(after!.data, Number), [3, 4, 5, 6]);
});

Deno.test("token types distinguish the texts of a pair", () => {
  const layout = wholeRows(bertArchitecture, []);
  const row = layOut({ ...exampleOf(4, 1), typeIds: [0, 0, 1, 1] }, layout);
  const { "tail.tokenTypes": types } = exampleFeeds([row], layout, bertArchitecture, []);
  assert.deepEqual(Array.from(types!.data, Number), [0, 0, 1, 1]);
});

Deno.test("fedNumbers() include the inputs of both stacks", () => {
  assert.deepEqual(fedNumbers(tinyArchitecture), [true, tinyArchitecture.inputs]);
  assert.deepEqual(fedNumbers(t5Architecture), [true, t5Architecture.inputs, t5Architecture.encoder!.inputs]);
});
