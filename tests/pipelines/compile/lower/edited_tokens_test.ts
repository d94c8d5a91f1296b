/**
 * The host and an exported graph edit the same tokens, by either rule for short prompts.
 *
 * @module
 */
import assert from "node:assert/strict";
import { editedNodes, type EditedTokens, isEdited } from "../../../../pipelines/compile/lower/edited_tokens.ts";
import { decoderPositionsOf, positionsOf, sidesOf } from "../../../../pipelines/compile/lower/positions.ts";
import { runNodes } from "../../../support/graph_nodes.ts";

const declared = ["f1", "l1", "f3", "l4", "f1+l1", "f3+l2", "f2+l5", "f7+l7", "all", "completion"];

const decoders = { text: "all of a decoder's tokens", positions: decoderPositionsOf("all") };
const named = (["paper", "pyreft"] as const).flatMap((short) =>
  declared.map((text) => ({ text: `${text} as in the ${short}`, positions: positionsOf(text, undefined, short) }))
);

const cases = [...named, decoders].flatMap(({ text, positions }): (EditedTokens & { readonly text: string })[] => {
  const sides = [false, true].flatMap((tied) => sidesOf(positions, tied));
  return [...new Set(sides)].map((side) => ({ positions, side, text }));
});

/** Prompts shorter than both ends together, and longer ones; indices of tokens in and after each of them. */
const lengths = [1, 2, 3, 4, 5, 6, 7, 9, 14, 15], tokens = Array.from({ length: 20 }, (_, at) => at);

for (const { text, ...edited } of cases) {
  Deno.test(`a graph edits the same tokens as the host: ${text}, ${edited.side}`, async () => {
    const given = { index: lengths.map(() => tokens), length: lengths.map((length) => [length]) };
    const found = await runNodes({}, given, (write) => {
      return new Map([["edited", editedNodes(write, edited, "index", "length")]]);
    });
    const { data, shape } = found.get("edited")!;
    assert.deepEqual(shape, [lengths.length, tokens.length]);
    const expected = lengths.flatMap((length) => {
      const prompt = { prompt: new Array<number>(length).fill(0), source: { text: "", spans: {}, fields: {} } };
      return tokens.map((index) => isEdited(edited, prompt, index) ? 1 : 0);
    });
    assert.deepEqual(data, expected);
    assert.ok(expected.includes(1));
  });
}

Deno.test("a graph refuses tokens that a selector chooses", async () => {
  const selector = { name: "x", isFunction: false, of: () => new Set<number>() };
  const edited = { positions: { first: 0, last: 0, completion: false, selector }, side: "both" } as const;
  await assert.rejects(async () => {
    await runNodes({}, { index: [[0]], length: [[1]] }, (write) => {
      return new Map([["edited", editedNodes(write, edited, "index", "length")]]);
    });
  }, /A graph cannot evaluate a selector/);
});
