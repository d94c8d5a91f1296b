/** Trains a LoReFT edit on the rows of rows.jsonl, and asks the model before and after about rows that it never saw. */
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
  pipeline,
  train,
} from "refract";

// To use rows of your own, name their fields in braces.
const rows = jsonl("./rows.jsonl", { prompt: "question: {question}\nanswer:", completion: " {answer}" });
const { train: seen, test: unseen } = rows.split({ test: 0.25, seed: 7 });

export default pipeline("quickstart", () => {
  // A model of 0.8 million parameters that Refract brings along; try "HuggingFaceTB/SmolLM2-135M-Instruct".
  const base = baseModel("builtin:tiny");
  const tuned = train(base.with(loreft({ at: block(2).output, positions: "l1", rank: 4 })), {
    data: seen,
    epochs: 15,
    batchSize: 8,
    optimizer: adamw({ learningRate: 2e-2, schedule: linearSchedule({ warmup: 0.1 }) }),
  });
  const answers = { data: unseen, decoding: greedy({ maxNewTokens: 4 }), metrics: [exactMatch()] };
  return { base: evaluate(base, answers), tuned: evaluate(tuned, answers) };
});
