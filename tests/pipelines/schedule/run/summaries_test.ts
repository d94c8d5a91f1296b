import assert from "node:assert/strict";
import type { MemberRecord } from "../../../../pipelines/results/results.ts";
import { summariesOf } from "../../../../pipelines/schedule/run/summaries.ts";

/** The summaries of members, each given as its rank, seed and accuracy. */
function summarized(...members: readonly (readonly [rank: number, seed: number, accuracy: number])[]) {
  const records = members.map(([rank, seed, accuracy]): MemberRecord => ({
    id: `rank=${rank},seed=${seed}`,
    axes: { rank, seed },
    trainableParameters: 1,
    stages: [
      { name: "tuned", kind: "train", cached: false, seconds: 0, steps: 0, losses: [], stepSeconds: [] },
      { name: "tuned", kind: "evaluate", cached: false, seconds: 0, metrics: { accuracy }, predictions: "" },
    ],
  }));
  const prepared = records.map(({ id, axes }) => ({
    member: { id, repeated: `rank=${axes["rank"]}`, axes, chosen: [], stages: {} },
    stages: [],
    trainableParameters: 1,
  }));
  return summariesOf(prepared, records);
}

Deno.test("repetitions of an experiment have a mean and a sample standard deviation", () => {
  const { summaries } = summarized([1, 7, 0.5], [2, 7, 1], [1, 8, 0.7], [1, 9, 0.9]);
  const [{ stages: [tuned], ...summary }] = summaries as [NonNullable<typeof summaries>[0]];
  assert.equal(summaries!.length, 1, "rank 2 is not repeated");
  assert.deepEqual(summary, {
    id: "rank=1",
    axes: { rank: 1 },
    members: ["rank=1,seed=7", "rank=1,seed=8", "rank=1,seed=9"],
  });
  const { mean, deviation, count } = tuned!.metrics["accuracy"]!;
  assert.deepEqual([tuned!.name, count], ["tuned", 3]);
  assert.ok(Math.abs(mean - 0.7) < 1e-12 && Math.abs(deviation - 0.2) < 1e-12);
});

Deno.test("without repetitions there are no summaries", () => {
  assert.deepEqual(summarized([1, 7, 0.5], [2, 7, 1]), {});
});
