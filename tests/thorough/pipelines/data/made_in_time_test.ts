import assert from "node:assert/strict";
import { inTime } from "../../../../pipelines/common/deadline.ts";
import { RequestError } from "../../../../pipelines/common/errors.ts";
import { madeInTime } from "../../../../pipelines/data/made_in_time.ts";

/** Counts from 0; after the last number, throws if that is asked for. */
async function* counted(count: number, closed: number[] = [], fault?: Error): AsyncGenerator<number> {
  try {
    for (let number = 0; number < count; number++) yield await Promise.resolve(number);
    if (fault !== undefined) throw fault;
  } finally {
    closed.push(count);
  }
}

/** What is made before something is thrown, and what that is. */
async function made<T>(
  results: AsyncIterable<T>,
): Promise<{ readonly results: readonly T[]; readonly thrown?: unknown }> {
  const found: T[] = [];
  try {
    for await (const result of results) found.push(result);
  } catch (thrown) {
    return { results: found, thrown };
  }
  return { results: found };
}

Deno.test("madeInTime() makes results in order, and throws after those before the fault", async () => {
  const all = Array.from({ length: 1000 }, (_, at) => 2 * at), fault = new Error("own"), other = new Error("other");
  const twice = (number: number) => 2 * number;
  const upTo = (last: number) => (number: number) => {
    if (number === last) throw fault;
    return 2 * number;
  };
  assert.deepEqual(await made(madeInTime(counted(0), twice)), { results: [] });
  for (const count of [1, 2, 3, 63, 64, 65, 511, 512, 1000]) {
    const results = all.slice(0, count);
    assert.deepEqual(await made(madeInTime(counted(count), twice)), { results });
    assert.deepEqual(await made(madeInTime(counted(count, [], other), twice)), { results, thrown: other });
    const before = { results: results.slice(0, -1), thrown: fault };
    assert.deepEqual(await made(madeInTime(counted(count, [], other), upTo(count - 1))), before);
  }
});

Deno.test("madeInTime() closes what it reads from once no more is asked for", async () => {
  const closed: number[] = [];
  for await (const result of madeInTime(counted(500, closed), String)) if (result === "100") break;
  assert.deepEqual(closed, [500]);
});

Deno.test("madeInTime() gives up only the item that takes too long, with its own error", async () => {
  const late = (number: number) => (seconds: number) => new RequestError(`item ${number}: more than ${seconds} s`);
  const make = (number: number) =>
    inTime(0, late(number), () => {
      if (number === 40) { for (;;); }
      return number;
    });
  const { results, thrown } = await made(madeInTime(counted(100), make));
  assert.deepEqual(results, Array.from({ length: 40 }, (_, at) => at));
  assert.match(String(thrown), /^RequestError: item 40: more than 4 s$/);
});
