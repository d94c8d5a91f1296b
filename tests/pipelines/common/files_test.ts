import assert from "node:assert/strict";
import { join } from "node:path";
import { RequestError } from "../../../pipelines/common/errors.ts";
import { parseJsonObject, writeAtomically } from "../../../pipelines/common/files.ts";
import { removeLeavings } from "../../../pipelines/common/leavings.ts";

const parse = (text: string) => parseJsonObject(new TextEncoder().encode(text), "config.json", "download it again");

Deno.test("parseJsonObject() reads the nonstandard numbers of Python's json", () => {
  const text = '{"a": Infinity, "b": [-Infinity, NaN, 1e-5], "NaN": {"Infinity": "\\"NaN, -Infinity"}, "c": "a\\\\"}';
  assert.deepEqual(parse(text), {
    a: Infinity,
    b: [-Infinity, NaN, 1e-5],
    NaN: { Infinity: '"NaN, -Infinity' },
    c: "a\\",
  });
  assert.deepEqual(parse('{"NaN": "Infinity"}'), { NaN: "Infinity" });
});

Deno.test("parseJsonObject() reports the location of invalid JSON, with and without Python's numbers", () => {
  for (const [text, line, column] of [['{"a":\n NaN,\n x}', 3, 2], ['{"a":\n 1,\n x}', 3, 2]] as const) {
    assert.throws(() => parse(text), (error) => {
      assert.ok(error instanceof RequestError);
      assert.deepEqual(error.location, { file: "config.json", line, column });
      return true;
    });
  }
  for (
    const text of [
      '{"a": nan}',
      '{"a": +Infinity}',
      '{"a": Infinit}',
      '{"a": NaNs}',
      "NaN",
      "{NaN : 1}",
      '{"a": 2Infinity}',
    ]
  ) {
    assert.throws(() => parse(text), RequestError);
  }
});

Deno.test("writeAtomically() loses nothing to others in this process that write the same file", async () => {
  const folder = await Deno.makeTempDir(), path = join(folder, "file");
  try {
    let isDone = false;
    const writing = writeAtomically(path, [new TextEncoder().encode("whole")]).finally(() => isDone = true);
    // They remove what they find unlocked.
    for (let round = 0; round < 20 && !isDone; round++) {
      for (const until = performance.now() + 5; performance.now() < until;) removeLeavings(path);
      await new Promise((resolve) => setTimeout(resolve));
    }
    await writing;
    assert.equal(await Deno.readTextFile(path), "whole");
    assert.deepEqual(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["file"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
