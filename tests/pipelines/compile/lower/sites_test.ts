import assert from "node:assert/strict";
import { blocksOf, columnsOfSite, runOfSite, stackOf } from "../../../../pipelines/compile/lower/sites.ts";
import { assertRefused, encoderDecoder, model } from "../support.ts";

Deno.test("stackOf() returns the model, or the named stack of an encoder-decoder model", () => {
  assert.equal(stackOf(model, undefined), model);
  assert.equal(stackOf(encoderDecoder, "encoder").blocks, 2);
  assert.equal(stackOf(encoderDecoder, "decoder").blocks, 3);
});

Deno.test("stackOf() refuses a stack that the model lacks, and requires one if there are two", () => {
  assertRefused(() => stackOf(model, "encoder"), /one stack of blocks; write its sites without encoder/);
  assertRefused(() => stackOf(encoderDecoder, undefined), /an encoder and a decoder; choose one/);
});

Deno.test("an encoder's results run with the context, everything else with the tail", () => {
  assert.equal(runOfSite({ site: "block.output" }), "tail");
  assert.equal(runOfSite({ stack: "decoder", site: "crossAttention.query" }), "tail");
  assert.equal(runOfSite({ stack: "decoder", site: "crossAttention.value" }), "context");
  assert.equal(runOfSite({ stack: "encoder", site: "block.output" }), "context");
});

Deno.test("columnsOfSite() returns the whole width of a site, or one head's share", () => {
  assert.deepEqual(columnsOfSite({ site: "block.output" }, model), { width: 8 });
  assert.deepEqual(columnsOfSite({ site: "attention.head.output", head: 1 }, model), { width: 4, head: 1 });
});

Deno.test("columnsOfSite() refuses a site or a head that the model lacks", () => {
  assertRefused(() => columnsOfSite({ site: "mlp.gate" }, model), /the model has no site mlp\.gate; /);
  for (const head of [-1, 2, 0.5]) {
    assertRefused(
      () => columnsOfSite({ site: "attention.head.output", head }, model),
      /does not exist; the model has heads 0 to 1/,
    );
  }
});

Deno.test("blocksOf() returns blocks in the order of their declaration", () => {
  assert.deepEqual(blocksOf("all", 3), [0, 1, 2]);
  assert.deepEqual(blocksOf(1, 3), [1]);
  assert.deepEqual(blocksOf([2, 0], 3), [2, 0]);
});

Deno.test("blocksOf() refuses a block that does not exist, is named twice, or none at all", () => {
  assertRefused(() => blocksOf(3, 3), /block 3 does not exist; the model has blocks 0 to 2/);
  assertRefused(() => blocksOf([1, 1], 3), /block 1 is named twice/);
  assertRefused(() => blocksOf([], 3), /names no block/);
});
