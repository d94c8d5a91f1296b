import assert from "node:assert/strict";
import { defaultBatchSize } from "../../../../pipelines/schedule/prepare/default_batch_size.ts";
import { inPreparedScene } from "../prepared.ts";

Deno.test("batches are smaller the longer the rows and the more beams there are", () =>
  inPreparedScene({}, ({ trainings: [training] }) => {
    const { model } = training!, { blocks, heads: { keyValueHeads, headWidth } } = model.architecture;
    const perToken = 4 * 2 * blocks * keyValueHeads * headWidth, full = 2 ** 30 / perToken;
    assert.equal(defaultBatchSize(model, undefined, 10), 32);
    assert.equal(defaultBatchSize(model, undefined, full / 4), 4);
    assert.equal(defaultBatchSize(model, { kind: "greedy", maxNewTokens: 64 }, full / 4), 3);
    const beam = { kind: "beam", beams: 2, lengthPenalty: 1, maxNewTokens: 64 } as const;
    assert.equal(defaultBatchSize(model, beam, full / 4), 1);
    assert.equal(defaultBatchSize(model, undefined, 10 * full), 1);
  }));

Deno.test("a high limit of new tokens, which answers seldom reach, does not make batches smaller", () =>
  inPreparedScene({}, ({ trainings: [training] }) => {
    const { model } = training!,
      of = (maxNewTokens: number) => {
        return defaultBatchSize(model, { kind: "greedy", maxNewTokens }, 100_000);
      };
    assert.deepEqual([of(8000), of(2e8)], [of(64), of(64)]);
  }));
