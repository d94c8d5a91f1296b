import assert from "node:assert/strict";
import { ofKind } from "../../../pipelines/common/of_kind.ts";

type Shape = { readonly kind: "circle"; readonly radius: number } | { readonly kind: "square"; readonly side: number };

Deno.test("ofKind() returns the records of a kind in their order", () => {
  const shapes: readonly Shape[] = [
    { kind: "circle", radius: 2 },
    { kind: "square", side: 3 },
    { kind: "circle", radius: 1 },
  ];
  assert.deepEqual(ofKind(shapes, "circle").map(({ radius }) => radius), [2, 1]);
  assert.deepEqual(ofKind(shapes.slice(0, 1), "square"), []);
});
