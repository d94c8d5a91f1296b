import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { keyOf } from "../../../pipelines/store/store.ts";

Deno.test("keyOf() hashes canonical JSON, with sorted members", () => {
  const expected = createHash("sha256").update('{"a":[1,"x",null,true],"b":{"c":-1.5,"d":{}}}').digest("hex");
  assert.equal(keyOf({ b: { d: {}, c: -1.5 }, a: [1, "x", null, true] }), expected);
  assert.match(keyOf("x"), /^[0-9a-f]{64}$/);
});

Deno.test("keyOf() returns different keys for different parts", () => {
  const parts = [1, "1", [1], [[1]], { 1: 1 }, [1, 2], [2, 1], "", null, [], {}, { a: { b: 1 } }, { "a.b": 1 }];
  assert.equal(new Set(parts.map(keyOf)).size, parts.length);
});

Deno.test("keyOf() reports a value that JSON can't represent", () => {
  const wrong: [unknown, RegExp][] = [
    [undefined, /found undefined at parts$/],
    [{ rows: [1, { seed: undefined }] }, /found undefined at parts\.rows\[1\]\.seed$/],
    [[NaN], /found NaN at parts\[0\]$/],
    [Infinity, /found Infinity/],
    [() => 1, /at parts$/],
    [1n, /found 1 at/],
    [new Map(), /found a Map/],
    [new Float32Array(1), /found a Float32Array/],
    [new Date(), /found a Date/],
    [Array(1), /found undefined at parts\[0\]/],
    [Symbol("s"), /found Symbol/],
  ];
  for (const [parts, message] of wrong) assert.throws(() => keyOf(parts), { name: "TypeError", message });
});
