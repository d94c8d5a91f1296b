/** Rows whose first token is edited where they enter the model, so that nothing of them is constant. @module */
import assert from "node:assert/strict";
import { assertClose, lossesOf, resultsOf } from "../support.ts";
import { inScene } from "../../../support/scene.ts";

const places: readonly (readonly [name: string, chosen: string, written: string])[] = [
  ["the first token", "() => [0]", `"f1"`],
  ["all tokens", "({ ids }) => ids.map((_, at) => at)", `"all"`],
];

for (const [name, chosen, written] of places) {
  Deno.test(`a function that chooses ${name} at the embedding trains like positions that are written`, async () => {
    const losses = async (positions: string): Promise<readonly number[]> => {
      let found: readonly number[] = [];
      await inScene({ at: "embedding.output", positions }, async (scene) => {
        [found] = lossesOf(await resultsOf(scene)) as [readonly number[]];
      });
      return found;
    };
    const found = await losses(chosen);
    assert.equal(found.length, 4);
    assertClose(found, await losses(written), 1e-6);
  });
}
