/** Sorts texts into classes with a head on the last token, alone and with a LoReFT edit before it. */
import {
  accuracy,
  adamw,
  baseModel,
  block,
  classification,
  evaluate,
  f1,
  jsonl,
  linearSchedule,
  loreft,
  pipeline,
  train,
} from "refract";

const labels = ["black", "blue", "brown", "gold", "green", "grey", "pink", "red", "white", "yellow"];
const rows = jsonl("./rows.jsonl", { text: "{text}", label: "{label}" });
const { train: seen, test: unseen } = rows.split({ test: 0.25, seed: 7 });

export default pipeline("classification", () => {
  const base = baseModel("builtin:tiny"), head = classification({ labels });
  const edit = loreft({ at: block(1).output, positions: "l1", rank: 4 });
  const training = {
    data: seen,
    epochs: 15,
    batchSize: 8,
    optimizer: adamw({ learningRate: 1e-2, schedule: linearSchedule({ warmup: 0.1 }) }),
  };
  const measured = { data: unseen, metrics: [accuracy(), f1({ average: "macro" })] };
  return {
    headAlone: evaluate(train(base.with(head), training), measured),
    edited: evaluate(train(base.with(edit, head), training), measured),
  };
});
