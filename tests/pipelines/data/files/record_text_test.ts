import assert from "node:assert/strict";
import { recordOf, recordText } from "../../../../pipelines/data/files/record_text.ts";
import { Untextual } from "../../../../pipelines/data/python/value.ts";

const place = { file: "/data/rows.jsonl", line: 3 };

const records = {
  "plain JSON": { q: 'a "b"\u2028', list: [1, null, { deep: [true] }], number: 1e-7 },
  "numbers that JSON cannot represent": { nan: NaN, infinite: -Infinity, negative: -0, big: 2n ** 70n },
  "undefined fields": { none: undefined, list: [undefined, 1] },
  "a column without text": { image: new Untextual("bytes") },
  "fields that look like the encoding of others": { $: "bigint", v: "1", list: [{ $: 1, n: NaN }] },
  "names of built-in properties": JSON.parse('{ "__proto__": { "constructor": 1 }, "toString": "a" }'),
};

for (const [name, fields] of Object.entries(records)) {
  Deno.test(`a record's text keeps all of it: ${name}`, () => {
    const found = { source: 1, record: { fields, place } };
    const text = recordText(found, ["/data/other.jsonl", place.file])!;
    assert.ok(!text.includes(place.file));
    assert.deepEqual(recordOf(text, ["/data/other.jsonl", place.file]), found);
    assert.deepEqual(recordOf(recordText(found, [])!, []), found);
  });
}

Deno.test("a record's text keeps its Python values and the notation of its numbers", () => {
  const python = new Map<string, unknown>([["n", 5n], ["f", 5], ["m", new Map([["k", [1n, null]]])]]);
  const record = { fields: { n: 5 }, place: { file: "records", line: 1, column: 2 }, json: '{"n":5.0}', python };
  assert.deepEqual(recordOf(recordText({ source: 0, record: record as never }, [])!, []), { source: 0, record });
});

for (const value of [new Date(), () => 1, Symbol("a"), new (class Own {})(), { toJSON: () => 1 }]) {
  Deno.test(`a record with a value that no file can hold has no text: ${typeof value} ${Object.prototype.toString.call(value)}`, () => {
    assert.equal(recordText({ source: 0, record: { fields: { list: [{ value }] }, place } }, []), undefined);
  });
}
