import assert from "node:assert/strict";
import {
  cutRows,
  differsByRow,
  isAttended,
  isWhole,
  layoutOf,
  sharedRows,
  stackOfSegment,
  tailOf,
  wholeRows,
} from "../../../../pipelines/compile/rows/layout.ts";
import { bertArchitecture, exampleOf, lowered, t5Architecture, tinyArchitecture } from "./support.ts";

const edit = (positions: string, site = "block.output") => {
  return { kind: "loreft", at: { blocks: [1], site }, positions, rank: 2 };
};
const namesOf = (layout: ReturnType<typeof layoutOf>) => layout.segments.map(({ name }) => name);
const rows = [exampleOf(12, 2), exampleOf(15, 3)], unlike = [exampleOf(12, 2), exampleOf(15, 3, 20)];

Deno.test("layoutOf() cuts rows before their first edited token, and shares their common prefix", () => {
  const adaptations = lowered(tinyArchitecture, edit("l3"), edit("l1"));
  assert.deepEqual(layoutOf(tinyArchitecture, adaptations, rows), cutRows(3, 9));
  assert.deepEqual(layoutOf(tinyArchitecture, adaptations, unlike), cutRows(3, 0));
  assert.deepEqual(layoutOf(tinyArchitecture, adaptations, rows.slice(0, 1)), cutRows(3, 0));
  assert.deepEqual(layoutOf(tinyArchitecture, lowered(tinyArchitecture, edit("completion")), rows), cutRows(1, 11));
});

Deno.test("layoutOf() does not cut rows whose first tokens are edited or adapted", () => {
  const whole = wholeRows(tinyArchitecture, []);
  for (const positions of ["f1", "f1+l1", "all"]) {
    const layout = layoutOf(tinyArchitecture, lowered(tinyArchitecture, edit(positions)), rows);
    assert.deepEqual(layout, whole);
    assert.ok(isWhole(layout));
  }
  assert.deepEqual(layoutOf(tinyArchitecture, [], rows), whole);
  const lora = lowered(tinyArchitecture, { kind: "lora", blocks: "all", modules: ["q_proj"], rank: 2, alpha: 4 });
  assert.deepEqual(layoutOf(tinyArchitecture, lora, rows), whole);
  assert.deepEqual(layoutOf(bertArchitecture, lowered(bertArchitecture, edit("l1")), rows), whole);
});

Deno.test("sharedRows() separates the prompts' common prefix, unless part of it is trained", () => {
  const namesAndEnds = (layout: ReturnType<typeof sharedRows>) => layout.segments.map(({ name, to }) => [name, to]);
  const last = lowered(tinyArchitecture, edit("l3")), first = lowered(tinyArchitecture, edit("f1"));
  assert.deepEqual(namesAndEnds(sharedRows(tinyArchitecture, [], rows)), [["shared", 11], ["tail", undefined]]);
  assert.deepEqual(namesAndEnds(sharedRows(tinyArchitecture, last, rows)), [["shared", 9], ["tail", undefined]]);
  assert.ok(isWhole(sharedRows(tinyArchitecture, first, rows)));
  assert.ok(isWhole(sharedRows(tinyArchitecture, [], unlike)));
  const lora = lowered(tinyArchitecture, { kind: "lora", blocks: "all", modules: ["q_proj"], rank: 2, alpha: 4 });
  assert.ok(isWhole(sharedRows(tinyArchitecture, lora, rows)));
  assert.deepEqual(sharedRows(t5Architecture, [], rows), wholeRows(t5Architecture, []));
});

Deno.test("layoutOf() counts the virtual tokens of a trained prefix", () => {
  const prefix = lowered(tinyArchitecture, { kind: "prefixTuning", tokens: 3 }, edit("l1"));
  assert.deepEqual(layoutOf(tinyArchitecture, prefix, rows), { ...wholeRows(tinyArchitecture, []), virtual: 3 });
});

Deno.test("wholeRows() lets a decoder attend to the encoder's output for the whole prompt", () => {
  const layout = layoutOf(t5Architecture, [], rows), [context, tail] = layout.segments;
  assert.deepEqual(namesOf(layout), ["context", "tail"]);
  assert.equal(stackOfSegment(t5Architecture, context!), t5Architecture.encoder);
  assert.equal(stackOfSegment(t5Architecture, tail!), t5Architecture);
  assert.ok(isAttended(layout, context!) && !isAttended(layout, tail!));
  assert.ok(!isWhole(layout) && !differsByRow(layout, tail!));
  assert.equal(tail!.startToken, 2);
});

Deno.test("segments are listed in the order in which they run, with the segments that each attends to", () => {
  const layout = cutRows(2, 9), [shared, context, tail] = layout.segments;
  assert.deepEqual(layout.segments.map(({ name, sees }) => [name, sees]), [
    ["shared", []],
    ["context", ["shared"]],
    ["tail", ["shared", "context"]],
  ]);
  assert.equal(tailOf(layout), tail);
  assert.deepEqual([shared!, context!, tail!].map((segment) => differsByRow(layout, segment)), [false, false, true]);
  assert.throws(() => tailOf({ segments: [], virtual: 0 }), /A layout has no segments/);
});
