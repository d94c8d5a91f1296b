/** Parquet files written by pyarrow and Python's datasets, compared with what these read from them. @module */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { RequestError } from "../../../../pipelines/common/errors.ts";
import { parquet } from "../../../../pipelines/data/files/parquet.ts";
import { fillTemplate, parseTemplate } from "../../../../pipelines/data/template.ts";
import { inFolder } from "../../models/support.ts";

const folder = fileURLToPath(new URL("../../../goldens/parquet/", import.meta.url));
const expected: Readonly<Record<string, readonly Readonly<Record<string, string | null>>[]>> = JSON.parse(
  await Deno.readTextFile(`${folder}expected.json`),
);
const rowsOf = (path: string) => Array.fromAsync(parquet.records({ kind: "parquet", path }, { base: folder }));
const print = (row: Awaited<ReturnType<typeof rowsOf>>[number], field: string) =>
  fillTemplate(parseTemplate(`{${field}}`, "prompt"), row, "prompt").text;

for (const [name, wanted] of Object.entries(expected)) {
  Deno.test(`parquet: ${name} prints as Python's datasets prints it`, async () => {
    const rows = await rowsOf(`${name}.parquet`);
    assert.equal(rows.length, wanted.length);
    for (const [at, row] of rows.entries()) {
      assert.equal(row.place.line, at + 1);
      for (const [column, text] of Object.entries(wanted[at]!)) {
        const act = () => print(row, column);
        if (text === null) {
          assert.throws(
            act,
            /holds (bytes|a date|a timestamp|a value of the type decimal), which has no text form;/,
          );
        } else if (text === "None") assert.throws(act, /holds null/);
        else assert.equal(act(), text, column);
      }
    }
  });
}

Deno.test("parquet: whole numbers are numbers if exact, nested fields have paths, classes have names", async () => {
  const [first, second] = await rowsOf("snappy.parquet");
  assert.equal(first!.fields["number"], 1);
  assert.equal(second!.fields["number"], 2n ** 53n + 1n);
  assert.equal(print(first!, "choices.text.1"), "sand");
  assert.equal(print(first!, "lists.0"), "[1, 2]");
  assert.throws(
    () => print(first!, "choices.texts"),
    /the row's "choices" has no field "texts", .*did you mean "text"/,
  );
  const classes = await rowsOf("classes.parquet");
  assert.deepEqual(classes.map((row) => print(row, "label.name")), ["acceptable", "unacceptable"]);
});

Deno.test("parquet: an invalid file is refused in one line", () =>
  inFolder(async (base) => {
    const whole = await Deno.readFile(`${folder}gzip.parquet`), broken = whole.slice();
    broken.fill(0x55, 200, 400);
    const cases: readonly (readonly [Uint8Array, RegExp])[] = [
      [whole.subarray(0, whole.length - 50), /is not a valid Parquet file/],
      [broken, /is not a valid Parquet file/],
      [new TextEncoder().encode('{"a": 1}\n'), /is JSON; read it with jsonl/],
      [new Uint8Array(), /is not a valid Parquet file/],
    ];
    for (const [content, message] of cases) {
      await Deno.writeFile(`${base}/rows.parquet`, content);
      await assert.rejects(rowsOf(`${base}/rows.parquet`), (error) => {
        assert.ok(error instanceof RequestError);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
    }
    await assert.rejects(rowsOf(base), /this is a folder; give the path of a .parquet file/);
  }));
