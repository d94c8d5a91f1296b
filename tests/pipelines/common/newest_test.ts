import assert from "node:assert/strict";
import { Newest } from "../../../pipelines/common/newest.ts";

Deno.test("the most recently used entries are kept, and others are recomputed", () => {
  const made: number[] = [], newest = new Newest<string>(2);
  const get = (number: number) =>
    newest.get(number, () => {
      made.push(number);
      return String(number);
    });
  assert.deepEqual([1, 2, 1, 3, 1, 2].map(get), ["1", "2", "1", "3", "1", "2"]);
  assert.deepEqual(made, [1, 2, 3, 2]);
});
