import assert from "node:assert/strict";
import { withAttentionParts } from "../../../../pipelines/compile/rows/attention_parts.ts";
import { cutRows, type Layout, wholeRows } from "../../../../pipelines/compile/rows/layout.ts";
import { t5Architecture } from "./support.ts";

const heads = { heads: { heads: 9, keyValueHeads: 3, headWidth: 64 } };
const prompts = (...lengths: readonly number[]) =>
  lengths.map((length) => ({ prompt: new Array<number>(length).fill(0) }));
const whole = wholeRows({}, []);

/** The numbers of parts of the segments that are split. */
function partsOf({ segments }: Layout): Readonly<Record<string, number>> {
  return Object.fromEntries(segments.filter(({ parts }) => parts > 1).map(({ name, parts }) => [name, parts]));
}

Deno.test("withAttentionParts() leaves short prompts whole", () => {
  const layout = cutRows(1, 0);
  assert.deepEqual(withAttentionParts(layout, heads, prompts(200, 1000)), layout);
  assert.deepEqual(withAttentionParts(layout, heads, []), layout);
});

Deno.test("withAttentionParts() splits long attention into parts of 64 MB of scores", () => {
  assert.deepEqual(partsOf(withAttentionParts(cutRows(1, 0), heads, prompts(4096, 4096))), { context: 9 });
  assert.deepEqual(partsOf(withAttentionParts(whole, heads, prompts(4096, 100))), { tail: 9 });
  assert.deepEqual(partsOf(withAttentionParts(cutRows(1, 3000), heads, prompts(4096, 4000))), {
    shared: 7,
    context: 3,
  });
});

Deno.test("withAttentionParts() makes no more parts than the shortest row has queries", () => {
  assert.deepEqual(partsOf(withAttentionParts(whole, heads, prompts(4096, 2))), { tail: 6 });
  assert.deepEqual(partsOf(withAttentionParts(cutRows(2, 0), heads, prompts(4096, 2))), { context: 3 });
});

Deno.test("withAttentionParts() leaves encoder-decoder models whole", () => {
  const layout = wholeRows(t5Architecture, []);
  assert.equal(withAttentionParts(layout, heads, prompts(4096)), layout);
});
