import assert from "node:assert/strict";
import { mergeValues, ownValue, putValue } from "../../../ops/program/own_value.ts";

const names = Object.getOwnPropertyNames(Object.prototype);

Deno.test("a record has no value under a name that every object inherits", () => {
  for (const name of names) {
    assert.equal(ownValue({}, name), undefined);
  }
  assert.equal(ownValue(undefined, "a"), undefined);
});

Deno.test("a value can be stored and read under any name, also in merged records", () => {
  for (const name of names) {
    const record: Record<string, number> = {};
    putValue(record, name, 1);
    putValue(record, name, 2);
    assert.equal(ownValue(record, name), 2);
    assert.deepEqual(Object.entries(record), [[name, 2]]);
    assert.deepEqual(Object.entries(mergeValues([{ a: 1 }, record])), [["a", 1], [name, 2]]);
    assert.equal(Object.getPrototypeOf(record), Object.prototype);
  }
});
