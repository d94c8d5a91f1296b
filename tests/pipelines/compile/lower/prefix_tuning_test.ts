import assert from "node:assert/strict";
import { lowerAdaptations } from "../../../../pipelines/compile/lower/lower_adaptations.ts";
import { lowerPrefixTuning, requireRoom, virtualTokens } from "../../../../pipelines/compile/lower/prefix_tuning.ts";
import { assertRefused, encoderDecoder, model } from "../support.ts";

Deno.test("prefix tuning has keys and values of its tokens in every block, for each key-value head", () => {
  const lowered = lowerPrefixTuning({ kind: "prefixTuning", tokens: 5 }, model);
  assert.deepEqual(lowered.map(({ block }) => block), [0, 1, 2]);
  assert.deepEqual(lowered[0]!.tensors.key, { shape: [1, 5, 4], start: "normal", decays: true });
  assert.deepEqual(lowered[0]!.tensors.value, { shape: [1, 5, 4], start: "normal", decays: true });
});

Deno.test("prefix tuning of an encoder and a decoder is refused", () => {
  assertRefused(
    () => lowerPrefixTuning({ kind: "prefixTuning", tokens: 5 }, encoderDecoder),
    /needs a model with one stack of blocks; edit the encoder or the decoder instead/,
  );
});

const two = lowerAdaptations([{ kind: "prefixTuning", tokens: 5 }, { kind: "prefixTuning", tokens: 2 }], model);

Deno.test("virtualTokens() counts the tokens of each declaration once", () => {
  assert.equal(virtualTokens(two), 7);
  assert.equal(virtualTokens([]), 0);
});

Deno.test("a row that the virtual tokens leave no room for is refused", () => {
  requireRoom(two, 9, 16);
  requireRoom([], 17, 16);
  assertRefused(() => requireRoom(two, 10, 16), /the prefix has 7 tokens and the longest row 10, .* at most 16/);
});
