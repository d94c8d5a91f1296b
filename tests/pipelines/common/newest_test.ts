import assert from "node:assert/strict";
import { Newest } from "../../../pipelines/common/newest.ts";

Deno.test("those that were asked for last are held, and others are made again", () => {
  const made: number[] = [], newest = new Newest<string>(2);
  const get = (number: number) =>
    newest.get(number, () => {
      made.push(number);
      return String(number);
    });
  assert.deepEqual([1, 2, 1, 3, 1, 2].map(get), ["1", "2", "1", "3", "1", "2"]);
  assert.deepEqual(made, [1, 2, 3, 2]);
});
