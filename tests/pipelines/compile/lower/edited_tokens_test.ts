/** Which tokens are edited is the same to the host and to an exported graph, and as the paper has it. @module */
import assert from "node:assert/strict";
import {
  editedEnds,
  editedNodes,
  type EditedTokens,
  isEdited,
} from "../../../../pipelines/compile/lower/edited_tokens.ts";
import { decoderPositionsOf, positionsOf, sidesOf } from "../../../../pipelines/compile/lower/positions.ts";
import { runNodes } from "../../../support/graph_nodes.ts";

const declared = ["f1", "l1", "f3", "l4", "f1+l1", "f3+l2", "f2+l5", "f7+l7", "all", "completion"];

const positions = [...declared.map((text) => positionsOf(text)), decoderPositionsOf("all")];

const cases = positions.flatMap((positions, at): (EditedTokens & { readonly text: string })[] => {
  const sides = [false, true].flatMap((tied) => sidesOf(positions, tied));
  return [...new Set(sides)].map((side) => ({ positions, side, text: declared[at] ?? "all of a decoder's tokens" }));
});

/** Prompts shorter than both ends, and longer ones; tokens after each of them. */
const lengths = [1, 2, 3, 4, 5, 6, 7, 9, 14, 15], tokens = Array.from({ length: 20 }, (_, at) => at);

for (const { text, ...edited } of cases) {
  Deno.test(`a graph finds the tokens that the host does: ${text}, ${edited.side}`, async () => {
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

Deno.test("editedEnds() gives half of a prompt that is too short to each end", () => {
  assert.deepEqual(editedEnds({ first: 7, last: 7 }, 14), { first: 7, last: 7 });
  assert.deepEqual(editedEnds({ first: 7, last: 7 }, 9), { first: 4, last: 5 });
  assert.deepEqual(editedEnds({ first: 2, last: 7 }, 5), { first: 2, last: 3 });
  assert.deepEqual(editedEnds({ first: 7, last: 0 }, 5), { first: 5, last: 0 });
});

Deno.test("a graph refuses tokens that a selector chooses", async () => {
  const selector = { name: "x", isFunction: false, of: () => new Set<number>() };
  const edited = { positions: { first: 0, last: 0, completion: false, selector }, side: "both" } as const;
  await assert.rejects(async () => {
    await runNodes({}, { index: [[0]], length: [[1]] }, (write) => {
      return new Map([["edited", editedNodes(write, edited, "index", "length")]]);
    });
  }, /A graph knows nothing of what a selector reads/);
});
