import assert from "node:assert/strict";
import type { EditSpec, Resolved } from "../../../../pipelines/spec/mod.ts";
import { columnsOf, maskName, maskWidth, selectedRows } from "../../../../pipelines/compile/lower/edit_masks.ts";
import { lowerEdit } from "../../../../pipelines/compile/lower/interventions.ts";
import { encoderDecoder, model, prompt } from "../support.ts";

const at = { blocks: 0, site: "block.output" } as const;
const declared: Resolved<EditSpec> = { kind: "loreft", at, positions: "l1", rank: 3, tied: false };
const edited = (changes: Partial<Resolved<EditSpec>>, of = model) => lowerEdit({ ...declared, ...changes }, of)[0]!;

Deno.test("interventions of equal positions share a mask; others have their own", () => {
  const names = [
    edited({}),
    edited({ rank: 1 }),
    edited({ positions: "l2" }),
    edited({ short: "pyreft" }),
    edited({ subspace: "rows" }),
    edited({ at: { ...at, stack: "encoder" } }, encoderDecoder),
  ].map(maskName);
  assert.equal(names[0], names[1]);
  assert.equal(new Set(names).size, 5);
});

Deno.test("a mask has one column, or one for each row of the rank if the edit has a subspace", () => {
  assert.deepEqual([maskWidth(edited({})), [...columnsOf(edited({}), prompt)]], [1, [0]]);
  const subspace = edited({ subspace: "rows" });
  assert.deepEqual([maskWidth(subspace), [...columnsOf(subspace, prompt)]], [3, [0, 2]]);
});

Deno.test("selectedRows() lists the tokens and rows that selectors select for each prompt", () => {
  assert.deepEqual(selectedRows([edited({})], [prompt]), []);
  assert.deepEqual(selectedRows([edited({ positions: "{last}", subspace: "rows" })], [prompt]), [[[3, 4]], [[0, 2]]]);
});
