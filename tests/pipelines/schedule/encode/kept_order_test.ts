/**
 * Entries with the same key have the same bytes. The order of the kept values is no part of the key: it depends on which
 * members read them, and on what the process has compiled before.
 *
 * @module
 */
import assert from "node:assert/strict";
import { input } from "../../../../ops/program/program.ts";
import { keptName } from "../../../../pipelines/compile/frontier/cut.ts";
import { packedValues } from "../../../../pipelines/compile/frontier/packed_values.ts";
import { rowValues } from "../../../../pipelines/schedule/encode/encode_job.ts";

Deno.test("what is kept of a row is packed in an order that does not depend on its readers", () => {
  const shapes = [["batch", "tail", 16], ["batch", 1, "tail", 8], ["batch", 1, "context", 8], [
    1,
    "shared",
    8,
  ]] as const;
  const kept = shapes.map((shape, at) => input(`value${at}`, shape)).map((value) => ({ name: keptName(value), value }));
  const packed = (order: readonly number[]) =>
    packedValues(rowValues({ kept: order.map((at) => kept[at]!) }), { batch: 1, tail: 3, context: 5 });
  const found = packed([0, 1, 2, 3]);
  assert.equal(found.count, 3 * 16 + 3 * 8 + 5 * 8);
  for (const order of [[3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]]) assert.deepEqual(packed(order), found);
});
