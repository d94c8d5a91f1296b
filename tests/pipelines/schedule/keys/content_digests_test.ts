import assert from "node:assert/strict";
import { tensorsDigest } from "../../../../pipelines/schedule/keys/content_digests.ts";

const of = (name: string, shape: readonly number[], ...data: readonly number[]) => {
  return tensorsDigest({ [name]: { data: Float32Array.from(data), shape } });
};

Deno.test("a digest of tensors depends on names, shapes and numbers", () => {
  const digest = of("a", [2], 1, 2);
  assert.equal(of("a", [2], 1, 2), digest);
  for (const other of [of("b", [2], 1, 2), of("a", [1, 2], 1, 2), of("a", [2], 1, 3)]) assert.notEqual(other, digest);
});
