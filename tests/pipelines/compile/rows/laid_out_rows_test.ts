import assert from "node:assert/strict";
import {
  groupExtents,
  layOut,
  readTokens,
  rowKey,
  seenTokens,
} from "../../../../pipelines/compile/rows/laid_out_rows.ts";
import { cutRows, tailOf, wholeRows } from "../../../../pipelines/compile/rows/layout.ts";
import type { TokenizedExample } from "../../../../pipelines/data/examples.ts";
import { extentsAt, lengthsOf } from "../../../../pipelines/compile/rows/row_lengths.ts";
import { exampleOf, t5Architecture } from "./support.ts";

const source = { text: "", spans: {}, fields: {} };
const prompt = [10, 11, 12, 13, 14], completion = [20, 21, 22, 23, 24, 25];
const whole = wholeRows({}, []);

for (
  const [name, taught, labels] of [
    ["all of a completion", undefined, completion],
    ["some of its tokens", [0, 1, 4], [20, 21, 24]],
  ] as const
) {
  Deno.test(`layOut() predicts each label at the token before it: ${name}`, () => {
    const example: TokenizedExample = { prompt, completion, source, ...(taught === undefined ? {} : { taught }) };
    for (const layout of [whole, cutRows(1, 0), cutRows(3, 1), cutRows(9, 0)]) {
      const row = layOut(example, layout);
      assert.deepEqual(row.labels, labels);
      assert.deepEqual([...row.shared, ...row.context, ...row.tail], [...prompt, ...completion.slice(0, -1)]);
      assert.deepEqual(readTokens(row, layout), [...prompt, ...completion.slice(0, -1)]);
      const all = [...prompt, ...completion], before = seenTokens(row, tailOf(layout));
      assert.deepEqual(row.labelIndices.map((at) => all[before + at + 1]), labels);
    }
  });
}

Deno.test("layOut() reads other tokens instead of a completion, and records where their filler begins", () => {
  const reads = { tokens: [30, 31, 3, 3, 3, 3], seen: 2 }, example = { prompt, completion, reads, source };
  for (const layout of [whole, cutRows(1, 0), cutRows(3, 1)]) {
    const row = layOut(example, layout), { tail, labels, labelIndices, seen } = row;
    assert.deepEqual(readTokens(row, layout), [...prompt, 30, 31, 3, 3, 3]);
    assert.deepEqual([labels, labelIndices], [completion, completion.map((_, at) => tail.length - 6 + at)]);
    assert.equal(seen, tail.length - 3);
    assert.notDeepEqual(rowKey(row), rowKey(layOut({ ...example, reads: { ...reads, seen: 3 } }, layout)));
  }
  const longer = layOut({ prompt, completion: [20, 21], reads: { tokens: [30, 31, 32], seen: 3 }, source }, whole);
  assert.deepEqual([longer.tail, longer.seen], [[...prompt, 30], undefined]);
});

Deno.test("layOut() of a prompt alone predicts nothing", () => {
  const { labels, labelIndices, tail } = layOut({ prompt, completion: [], source }, cutRows(2, 0));
  assert.deepEqual([labels, labelIndices, tail], [[], [], [13, 14]]);
});

Deno.test("layOut() gives an encoder the prompt, and its decoder the start token and the completion", () => {
  const layout = wholeRows(t5Architecture, []), row = layOut({ prompt, completion, source }, layout);
  assert.deepEqual([row.shared, row.context, row.tail], [[], prompt, [2, ...completion.slice(0, -1)]]);
  assert.deepEqual(row.labelIndices, [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(readTokens(row, layout), row.tail);
  assert.equal(seenTokens(row, tailOf(layout)), 0);
});

Deno.test("a group is as long as its longest rows, and no context is empty", () => {
  const layout = cutRows(2, 3), rows = [exampleOf(9, 1), exampleOf(6, 4)].map((each) => layOut(each, layout));
  assert.deepEqual(rows.map((_, at) => extentsAt(lengthsOf(rows), at)), [
    { batch: 1, shared: 3, context: 4, tail: 2 },
    { batch: 1, shared: 3, context: 1, tail: 5 },
  ]);
  assert.deepEqual(groupExtents(rows), { shared: 3, context: 4, tail: 5 });
  assert.deepEqual(groupExtents([layOut(exampleOf(4, 1), whole)]), { shared: 0, context: 1, tail: 4 });
});

Deno.test("rowKey() distinguishes rows with different tokens, cuts or token types, and ignores labels", () => {
  const key = (example: TokenizedExample, layout = whole) => JSON.stringify(rowKey(layOut(example, layout)));
  const example = exampleOf(6, 2),
    keys = [
      key(example),
      key(exampleOf(6, 2, 20)),
      key(example, cutRows(1, 0)),
      key({ ...example, typeIds: [0, 0, 0, 1, 1, 1] }),
    ];
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(key({ ...example, typeIds: [0, 0, 0, 0, 0, 0] }), keys[0]);
  assert.equal(key({ ...example, completion: [110, 7] }), keys[0]);
});
