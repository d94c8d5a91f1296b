/** Which rank, at which layer? Every pair is a member; the rows are encoded once for all of them. */
import {
  adamw,
  baseModel,
  block,
  evaluate,
  exactMatch,
  greedy,
  jsonl,
  linearSchedule,
  loreft,
  loss,
  pipeline,
  sweep,
  train,
} from "refract";

const rows = jsonl("./rows.jsonl", { prompt: "question: {question}\nanswer:", completion: " {answer}" });
const { train: seen, test: unseen } = rows.split({ test: 0.25, seed: 7 });

export default pipeline("sweep", () => {
  const layer = sweep("layer", [0, 1, 2, 3]);
  const rank = sweep("rank", [1, 2, 4]);

  const edited = baseModel("builtin:tiny").with(loreft({ at: block(layer).output, positions: "l1", rank }));
  const tuned = train(edited, {
    data: seen.take(16),
    epochs: 4,
    batchSize: 8,
    optimizer: adamw({ learningRate: 3e-3, schedule: linearSchedule({ warmup: 0.1 }) }),
  });
  return {
    tuned: evaluate(tuned, { data: unseen, decoding: greedy({ maxNewTokens: 4 }), metrics: [exactMatch(), loss()] }),
  };
});
