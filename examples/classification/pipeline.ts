/**
 * Classifies creatures by colour. `builtin:tiny` knows every creature's colour, but after reading only `the lion` its
 * hidden states barely show it: a head after the last block gets one in six right. A LoReFT edit of that token, trained
 * with the head, makes the colour readable, even for creatures that it was not trained on.
 */
import {
  accuracy,
  adamw,
  baseModel,
  block,
  classification,
  evaluate,
  f1,
  linearSchedule,
  loreft,
  matthews,
  pipeline,
  train,
} from "refract";
import { labels, seen, unseen } from "./creatures.ts";

export default pipeline("classification", () => {
  const base = baseModel("builtin:tiny"), head = classification({ labels });
  const training = {
    data: seen,
    epochs: 15,
    batchSize: 8,
    optimizer: adamw({ learningRate: 1e-2, schedule: linearSchedule({ warmup: 0.1 }) }),
  };
  const edit = loreft({ at: block(1).output, positions: "l1", rank: 4 });
  const measured = { data: unseen, metrics: [accuracy(), f1({ average: "macro" }), matthews()] };
  return {
    headAlone: evaluate(train(base.with(head), training), measured),
    edited: evaluate(train(base.with(edit, head), training), measured),
  };
});
