import assert from "node:assert/strict";
import type { EditSpec, Resolved } from "../../../../pipelines/spec/mod.ts";
import { lowerEdit } from "../../../../pipelines/compile/lower/interventions.ts";
import { assertRefused, encoderDecoder, model } from "../support.ts";

const loreft: Resolved<EditSpec> = {
  kind: "loreft",
  at: { blocks: [0, 2], site: "block.output" },
  positions: "l1",
  rank: 2,
  tied: false,
};

Deno.test("an edit is lowered to one intervention for each block and side of the prompt", () => {
  const lowered = (edit: Resolved<EditSpec>) => lowerEdit(edit, model).map(({ side, block }) => `${side} ${block}`);
  assert.deepEqual(lowered(loreft), ["both 0", "both 2"]);
  assert.deepEqual(lowered({ ...loreft, positions: "f1+l1" }), ["prefix 0", "prefix 2", "suffix 0", "suffix 2"]);
  assert.deepEqual(lowered({ ...loreft, positions: "f1+l1", tied: true }), ["both 0", "both 2"]);
});

Deno.test("an edit of a site outside the blocks has no block", () => {
  const [embedding, ...others] = lowerEdit({ ...loreft, at: { site: "embedding.output" } }, model);
  assert.deepEqual([embedding!.block, others], [undefined, []]);
});

Deno.test("the shapes of LoReFT's tensors follow from the rank and the width of the site or head", () => {
  const shapes = (at: Resolved<EditSpec>["at"]) => {
    const { tensors } = lowerEdit({ ...loreft, at }, model)[0]!;
    return Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape.join("×")]));
  };
  assert.deepEqual(shapes(loreft.at), { rotate: "8×2", weight: "2×8", bias: "2" });
  const head = { blocks: 0, site: "attention.head.output", head: 1 } as const;
  assert.deepEqual(shapes(head), { rotate: "4×2", weight: "2×4", bias: "2" });
});

Deno.test("the positions of an edit of a decoder count the decoder's tokens", () => {
  const at = { stack: "decoder", blocks: 0, site: "block.output" } as const;
  assert.deepEqual(lowerEdit({ ...loreft, at, positions: "all" }, encoderDecoder)[0]!.positions, {
    first: Infinity,
    last: 0,
    completion: true,
  });
  assertRefused(() => lowerEdit({ ...loreft, at }, encoderDecoder), /which the decoder does not read/);
});

Deno.test("a rank that the site's width does not allow is refused", () => {
  for (const rank of [0, 9, 1.5]) {
    assertRefused(
      () => lowerEdit({ ...loreft, rank }, model),
      /is out of range; give a whole number from 1 to the model's width 8/,
    );
  }
  const at = { blocks: 0, site: "attention.head.output", head: 0 } as const;
  assertRefused(() => lowerEdit({ ...loreft, at, rank: 5 }, model), /from 1 to the head's width 4/);
});
