/**
 * Which rank, at which layer? Sixteen members of the quickstart's task, trained briefly so that they differ;
 * report.html shows them as a heatmap. The rows are encoded once for all, and members of one layer are trained
 * together.
 */
import {
  adamw,
  baseModel,
  block,
  evaluate,
  exactMatch,
  greedy,
  linearSchedule,
  loreft,
  loss,
  pipeline,
  sweep,
  train,
} from "refract";
import { seen, unseen } from "../quickstart/colours.ts";

export default pipeline("rank-by-layer", () => {
  const layer = sweep("layer", [0, 1, 2, 3]);
  const rank = sweep("rank", [1, 2, 4, 8]);

  const edited = baseModel("builtin:tiny").with(loreft({ at: block(layer).output, positions: "l1", rank }));
  const tuned = train(edited, {
    data: seen.take(16),
    epochs: 4,
    batchSize: 8,
    optimizer: adamw({ learningRate: 4e-3, schedule: linearSchedule({ warmup: 0.1 }) }),
  });
  return {
    tuned: evaluate(tuned, { data: unseen, decoding: greedy({ maxNewTokens: 4 }), metrics: [exactMatch(), loss()] }),
  };
});
