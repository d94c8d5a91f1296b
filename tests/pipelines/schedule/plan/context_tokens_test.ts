import assert from "node:assert/strict";
import { layOut } from "../../../../pipelines/compile/rows/laid_out_rows.ts";
import { cutRows } from "../../../../pipelines/compile/rows/layout.ts";
import { contextTokens } from "../../../../pipelines/schedule/plan/context_tokens.ts";
import { exampleOf } from "../../compile/rows/support.ts";

const rowsOf = (shared: number, ...lengths: readonly number[]) => {
  return lengths.map((length) => layOut(exampleOf(length, 1), cutRows(2, shared)));
};

Deno.test("the tokens before the tail are those that all rows share, and the mean of each row's own", () => {
  assert.deepEqual(contextTokens(rowsOf(8, 12, 16)), { shared: 8, context: 4 });
});

Deno.test("rows that share nothing, or are all tail, have none", () => {
  assert.deepEqual(contextTokens(rowsOf(0, 12, 16)), { shared: 0, context: 12 });
  assert.deepEqual(contextTokens(rowsOf(0, 2, 1)), { shared: 0, context: 0 });
});
