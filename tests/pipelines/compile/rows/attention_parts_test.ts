import assert from "node:assert/strict";
import { withAttentionParts } from "../../../../pipelines/compile/rows/attention_parts.ts";

const heads = { heads: { heads: 9, keyValueHeads: 3, headWidth: 64 } };
const prompts = (...lengths: readonly number[]) =>
  lengths.map((length) => ({ prompt: new Array<number>(length).fill(0) }));

Deno.test("withAttentionParts() leaves short prompts whole", () => {
  const layout = { tail: 1, prefix: 0 };
  assert.equal(withAttentionParts(layout, heads, prompts(200, 1000)), layout);
  assert.equal(withAttentionParts(layout, heads, []), layout);
});

Deno.test("withAttentionParts() takes what is long in parts of 64 MB of scores", () => {
  assert.deepEqual(withAttentionParts({ tail: 1, prefix: 0 }, heads, prompts(4096, 4096)).parts, { context: 9 });
  assert.deepEqual(withAttentionParts({ tail: "whole", prefix: 0 }, heads, prompts(4096, 100)).parts, { tail: 9 });
  assert.deepEqual(withAttentionParts({ tail: 1, prefix: 3000 }, heads, prompts(4096, 4000)).parts, {
    prefix: 7,
    context: 3,
  });
});

Deno.test("withAttentionParts() makes no more parts than the shortest row has queries", () => {
  assert.deepEqual(withAttentionParts({ tail: "whole", prefix: 0 }, heads, prompts(4096, 2)).parts, { tail: 6 });
  assert.deepEqual(withAttentionParts({ tail: 2, prefix: 0 }, heads, prompts(4096, 2)).parts, { context: 3 });
});
