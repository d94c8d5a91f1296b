import assert from "node:assert/strict";
import {
  decoderPositionsOf,
  positionsOf,
  reachBack,
  type Side,
  sidesOf,
} from "../../../../pipelines/compile/lower/positions.ts";
import { isEdited } from "../../../../pipelines/compile/lower/edited_tokens.ts";
import { assertRefused, model, prompt, promptOf } from "../support.ts";

/** The tokens that one side of the positions edits, in a prompt of five tokens and a completion of two. */
function editedOf(declared: string, side: Side = "both"): number[] {
  const positions = positionsOf(declared, model.decode);
  return [0, 1, 2, 3, 4, 5, 6].filter((index) => isEdited({ positions, side }, prompt, index));
}

Deno.test("isEdited() is true for the tokens that the positions name", () => {
  assert.deepEqual(editedOf("f2"), [0, 1]);
  assert.deepEqual(editedOf("l1"), [4]);
  assert.deepEqual(editedOf("f1+l2"), [0, 3, 4]);
  assert.deepEqual(editedOf("all"), [0, 1, 2, 3, 4]);
  assert.deepEqual(editedOf("completion"), [5, 6]);
  assert.deepEqual(editedOf("generated"), [5, 6]);
  assert.deepEqual(editedOf("{last}"), [3, 4]);
  assert.deepEqual(editedOf("{last}.f1"), [3]);
  assert.deepEqual(editedOf("{last}.l1"), [4]);
});

Deno.test("isEdited() is true for one end per side of an edit", () => {
  assert.deepEqual(editedOf("f1+l2", "prefix"), [0]);
  assert.deepEqual(editedOf("f1+l2", "suffix"), [3, 4]);
});

Deno.test("positions have two sides if both ends are edited and not tied", () => {
  assert.deepEqual(sidesOf(positionsOf("f1+l1"), false), ["prefix", "suffix"]);
  assert.deepEqual(sidesOf(positionsOf("f1+l1"), true), ["both"]);
  assert.deepEqual(sidesOf(positionsOf("l1"), false), ["both"]);
});

Deno.test("reachBack() is the distance from the first edited token to the prompt's end", () => {
  assert.equal(reachBack(positionsOf("l2"), [prompt]), 2);
  assert.equal(reachBack(positionsOf("f1+l2"), [prompt]), Infinity);
  assert.equal(reachBack(positionsOf("completion"), [prompt]), 0);
  assert.equal(reachBack(positionsOf(() => [0]), []), 0);
  assert.equal(reachBack(positionsOf(({ ids }) => [ids.length - 3], model.decode), [promptOf(4), promptOf(9)]), 3);
});

Deno.test("positionsOf() refuses an invalid position, and lists the valid forms", () => {
  for (const declared of ["", "f0", "first", "f1l1", "f1+", "l", "{a}{b}"]) {
    assertRefused(() => positionsOf(declared), /are not valid; write fN, lN, fN\+lM/);
  }
});

Deno.test("decoderPositionsOf() parses the decoder's first token, the completion and all tokens", () => {
  assert.deepEqual(decoderPositionsOf("f1"), { first: 1, last: 0, completion: false });
  assert.deepEqual(decoderPositionsOf("completion"), { first: 0, last: 0, completion: true });
  assert.deepEqual(decoderPositionsOf("all"), { first: Infinity, last: 0, completion: true });
  assertRefused(() => decoderPositionsOf("l1"), /"l1" are the prompt's, which the decoder does not read; write f1/);
  assertRefused(() => decoderPositionsOf(() => [0]), /^positions by a function are the prompt's/);
});
