/** Parsing of option values. @module */
import assert from "node:assert/strict";
import {
  integer,
  InvalidValue,
  json,
  number,
  size,
  text,
  type ValueType,
} from "../../../../pipelines/cli/arguments/option.ts";
import { requestOptions, runtimeOptions } from "../../../../pipelines/cli/arguments/common_options.ts";

function read<Value>({ read }: ValueType<Value>, text: string): Value {
  assert.ok("parse" in read);
  return read.parse(text);
}

Deno.test("option values are parsed from text", () => {
  assert.equal(read(integer("n", 0, 65535), "0"), 0);
  assert.equal(read(number("t", 0), "0.5"), 0.5);
  assert.equal(read(size, "1.5GiB"), 1.5 * 2 ** 30);
  assert.equal(read(size, "unlimited"), Infinity);
  assert.deepEqual(read(json, '{"a": [1]}'), { a: [1] });
});

const wrong: readonly (readonly [type: ValueType<unknown>, texts: readonly string[], says: RegExp])[] = [
  [integer("n", 1), ["0", "1.5", "x", "", "1e99"], /^give a whole number of at least 1$/],
  [integer("n", 0, 65535), ["-1", "65536", " "], /^give a whole number from 0 to 65535$/],
  [number("t", 0), ["-0.1", "x", "", "Infinity"], /^give a number of at least 0$/],
  [number("p", 0, 1), ["1.01"], /^give a number from 0 to 1$/],
  [size, ["8", "999"], /^write its unit, as in \d+GB$/],
  [size, ["much", "-1", "4 GB 2", ""], /^write a size as in 500MB, 1\.5GiB, 0 or unlimited$/],
  [text("folder"), [""], /^give it a value$/],
  [json, ["[1]", "1", "{", "", "null"], /^give a JSON object, as in '\{"language": "fr"\}'$/],
];

Deno.test("invalid option values are refused with the valid forms", () => {
  for (const [type, texts, says] of wrong) {
    for (const text of texts) {
      assert.throws(() => read(type, text), (error) => error instanceof InvalidValue && says.test(error.message), text);
    }
  }
});

Deno.test("--threads takes a whole number, and defaults to the number of processors", () => {
  const { values, omitted } = runtimeOptions.threads;
  assert.ok("parse" in values && omitted !== "error");
  assert.equal(omitted.value, navigator.hardwareConcurrency);
  assert.equal(values.parse("8", 1), 8);
  for (const text of ["0", "1.5", "1025", "x"]) {
    assert.throws(() => values.parse(text, 1), /^InvalidValue: give a whole number from 1 to 1024$/);
  }
});

Deno.test("--set may be repeated, once for each name", () => {
  const { values } = requestOptions.set;
  assert.ok("parse" in values);
  const { parse } = values, one = parse("rank=1,2", new Map());
  assert.deepEqual([...parse("at=x=y", one)], [["rank", ["1", "2"]], ["at", ["x=y"]]]);
  assert.throws(() => parse("rank=3", one), /rank is set twice; write all its values in one --set/);
  for (const text of ["rank", "=1", "rank="]) assert.throws(() => parse(text, one), /write axis=value or/);
});
