import assert from "node:assert/strict";
import { JsonRows, keptOf } from "../../../pipelines/common/json_rows.ts";
import { MadeRows } from "../../../pipelines/common/row_list.ts";

const values = [
  0,
  -0.1,
  "",
  'a "quoted", [bracketed] {braced} \\ text\n',
  "é 漢 😀 \ud800",
  null,
  true,
  [],
  [1, [2, "],"]],
  {},
  { a: { b: ["}", 1e-300] } },
  ["text", "context"],
];

Deno.test("JsonRows returns the values that were pushed, in any order", () => {
  const rows = new JsonRows<unknown>(1);
  for (const value of values) rows.push(value);
  assert.equal(rows.length, values.length);
  assert.deepEqual([...rows.list()], values);
  const order = Uint32Array.from(values, (_, at) => values.length - 1 - at);
  assert.deepEqual([...rows.list(order)], values.toReversed());
});

Deno.test("JsonRows returns equal values in sequence, and those after them", () => {
  const list = ["a", "a", "b", "ab", "ab", "ab", "", "", "a", [1], [1]], rows = new JsonRows<unknown>(1);
  for (let time = 0; time < 100; time++) for (const value of list) rows.push(value);
  const expected = Array.from({ length: 100 }, () => list).flat();
  assert.deepEqual([...rows.list()], expected);
  assert.deepEqual([...JsonRows.parse(new TextEncoder().encode(JSON.stringify(expected))).list()], expected);
});

Deno.test("JsonRows.parse() reads the values of a JSON array", () => {
  for (
    const list of [
      values,
      [],
      [1],
      ["a"],
      [[]],
      Array.from({ length: 1000 }, (_, at) => ({ loss: at / 7, tokens: at })),
    ]
  ) {
    const rows = JsonRows.parse(new TextEncoder().encode(JSON.stringify(list)));
    assert.deepEqual([...rows.list()], list);
  }
  for (const text of ["", "1", "{}", "[1"]) {
    assert.throws(() => JsonRows.parse(new TextEncoder().encode(text)), SyntaxError);
  }
});

Deno.test("JsonRows refuses values that JSON cannot represent", () => {
  for (const value of [NaN, [Infinity], { loss: -Infinity }, undefined]) {
    assert.throws(() => new JsonRows<unknown>().push(value), TypeError);
  }
  assert.throws(() => new JsonRows().at(0), RangeError);
});

Deno.test("keptOf() computes each requested row once", () => {
  let made = 0;
  const kept = keptOf(new MadeRows(3, (at) => at), (row, at) => {
    made++;
    return [row, at * 2];
  });
  assert.deepEqual([kept.at(2), kept.at(0), kept.at(-1), kept.at(3)], [[2, 4], [0, 0], [2, 4], undefined]);
  assert.equal(made, 3);
});
