/** Lists in JSON files. @module */
import assert from "node:assert/strict";
import { RequestError } from "../../../../pipelines/common/errors.ts";
import { json } from "../../../../pipelines/data/files/json.ts";
import { jsonItems } from "../../../../pipelines/data/files/json_items.ts";
import { pythonFields } from "../../../../pipelines/data/files/raw_row.ts";
import { inFolder } from "../../models/support.ts";

async function read(content: string, at?: string) {
  let rows: Awaited<ReturnType<typeof rowsOf>> = [];
  await inFolder(async (base) => {
    await Deno.writeTextFile(`${base}/rows.json`, content);
    rows = await rowsOf(base, at);
  });
  return rows;
}

const rowsOf = (base: string, at: string | undefined) =>
  Array.fromAsync(json.records({ kind: "json", path: "rows.json", ...at === undefined ? {} : { at } }, { base }));

Deno.test("json: reads a list, with each item's line and its numbers as they are written", async () => {
  const rows = await read('\ufeff[\n  {"a": 5.0,\n "b": "]},\\""},\n\n {"a": [{"c": 1e3}]}\n]\n');
  assert.deepEqual(rows.map(({ fields }) => fields), [{ a: 5, b: ']},"' }, { a: [{ c: 1000 }] }]);
  assert.deepEqual(rows.map(({ place }) => place.line), [2, 5]);
  assert.equal(pythonFields(rows[0]!).get("a"), 5);
});

Deno.test("json: reads a list at a path, and ignores similar names elsewhere", async () => {
  const text = '{"no": {"data": [{"x": 0}]}, "s": "\\"data\\": [", "v": [[{"data": []}]], ' +
    '"deep": {"list": [1], "data": [{"x": 1}, {"x": 2}], "more": 1}, "data": [{"x": 3}]}';
  assert.deepEqual((await read(text, "data")).map(({ fields }) => fields["x"]), [3]);
  assert.deepEqual((await read(text, "deep.data")).map(({ fields }) => fields["x"]), [1, 2]);
});

Deno.test("json: a file that is split into chunks anywhere has the same items", async () => {
  const text = new TextEncoder().encode(
    '\ufeff {"é\\"": 1, "data" : [ {"a":"é\\\\"} ,\n[1], "x,]" , 5 ], "z": {"data": [2]}} ',
  );
  const all = async (...parts: readonly Uint8Array[]) => {
    const chunks = async function* () {
      await Promise.resolve();
      yield* parts;
    };
    const items = await Array.fromAsync(jsonItems(chunks(), "rows.json", ["data"]));
    return items.map(({ bytes, line }) => [new TextDecoder().decode(bytes).trim(), line]);
  };
  const whole = [['{"a":"é\\\\"}', 1], ["[1]", 2], ['"x,]"', 2], ["5", 2]];
  for (let at = 0; at <= text.length; at++) {
    assert.deepEqual(await all(text.subarray(0, at), text.subarray(at)), whole, `at ${at}`);
  }
  assert.deepEqual(await all(...Array.from(text, (byte) => Uint8Array.of(byte))), whole);
});

const wrong: readonly (readonly [string, string, string | undefined, RegExp])[] = [
  [
    "an object without a path",
    '{"version": 1, "data": []}',
    undefined,
    /say where its list is, as in at: "version" \(it has "version", "data"\)/,
  ],
  [
    "a path to something else",
    '{"rows": {"n": [1]}}',
    "rows",
    /what the file has at "rows" is no list; give the path of one/,
  ],
  ["a missing path", '{"rows": [{}], "n": 1}', "row", /no list at "row"; did you mean "rows"/],
  ["JSON Lines", '{"a": 1}\n{"a": 2}\n', undefined, /is JSON Lines; read it with jsonl/],
  ["a truncated file", '[{"a": 1},\n{"a"', undefined, /:2: the file ends within a value/],
  ["an item that is not an object", '[{"a": 1},\n2]', undefined, /:2: expected a JSON object but found a number/],
  ["an item that is not JSON", '[{"a": 1},\n{"a": }]', undefined, /:2: the row is not JSON \(unexpected token '}'\)/],
  ["two commas", '[{"a": 1},\n,{"a": 2}]', undefined, /:2: a comma in the list does not follow an item/],
  ["trailing content", '[{"a": 1}]\n]', undefined, /:2: something follows the end/],
  ["an empty list", "[]", undefined, /the list has no rows/],
  ["CSV", "a,b\n1,2\n", undefined, /is CSV; read it with csv/],
];

for (const [name, content, at, message] of wrong) {
  Deno.test(`json: refuses ${name} in one line`, async () => {
    await assert.rejects(read(content, at), (error) => {
      assert.ok(error instanceof RequestError, String(error));
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  });
}
