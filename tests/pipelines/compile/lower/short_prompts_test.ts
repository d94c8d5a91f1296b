/** The rules for editing short prompts: the paper's, and that of pyreft 0.1.0. @module */
import assert from "node:assert/strict";
import { isEdited } from "../../../../pipelines/compile/lower/edited_tokens.ts";
import { positionsOf, type Side } from "../../../../pipelines/compile/lower/positions.ts";
import { shortRules } from "../../../../pipelines/compile/lower/short_prompts.ts";
import { promptOf } from "../support.ts";
import golden from "../../../goldens/positions.json" with { type: "json" };

function editedOf(positions: string, length: number, side: Side): number[] {
  const edited = { positions: positionsOf(positions, undefined, "pyreft"), side };
  return [...Array(length).keys()].filter((index) => isEdited(edited, promptOf(length), index));
}

for (const { positions, tied, edited } of golden.cases) {
  Deno.test(`pyreft's rule edits pyreft's tokens: ${positions}${tied ? ", tied" : ""}`, () => {
    for (const [at, length] of golden.lengths.entries()) {
      const sides: readonly Side[] = edited[at]!.length === 1 ? ["both"] : ["prefix", "suffix"];
      const found = sides.map((side) => editedOf(positions, length, side));
      assert.deepEqual(found, edited[at], `a prompt of ${length} tokens`);
    }
  });
}

Deno.test("the paper's rule gives each end half of a prompt too short for both, and an odd token to the last end", () => {
  const { ends } = shortRules.paper;
  assert.deepEqual(ends({ first: 7, last: 7 }, 14), { first: 7, last: 7 });
  assert.deepEqual(ends({ first: 7, last: 7 }, 9), { first: 4, last: 5 });
  assert.deepEqual(ends({ first: 2, last: 7 }, 5), { first: 2, last: 3 });
  assert.deepEqual(ends({ first: 1, last: 9 }, 4), { first: 1, last: 2 });
  assert.deepEqual(ends({ first: 1, last: 1 }, 1), { first: 0, last: 1 });
});

Deno.test("the paper's rule gives a single end all the available tokens", () => {
  const { ends } = shortRules.paper;
  assert.deepEqual(ends({ first: 7, last: 0 }, 5), { first: 5, last: 0 });
  assert.deepEqual(ends({ first: 0, last: 7 }, 1), { first: 0, last: 1 });
});

Deno.test("pyreft's rule gives each end at most half, even a single one", () => {
  const { ends } = shortRules.pyreft;
  assert.deepEqual(ends({ first: 7, last: 7 }, 9), { first: 4, last: 4 });
  assert.deepEqual(ends({ first: 1, last: 9 }, 12), { first: 1, last: 6 });
  assert.deepEqual(ends({ first: 0, last: 1 }, 1), { first: 0, last: 0 });
});

Deno.test("positions that fit every prompt have no rule for short ones", () => {
  for (const text of ["all", "completion", "{field}.l2"]) {
    assert.equal(positionsOf(text, undefined, "pyreft").short, undefined);
  }
});
