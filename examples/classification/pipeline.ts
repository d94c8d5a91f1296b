/**
 * Classifies creatures by colour. `builtin:tiny` knows every creature's colour but does not think of it where it reads no
 * more than `the lion`: a head after the last block finds one in six. A LoReFT edit of that token, trained with the
 * head, brings the colour up, also of creatures that the training never saw.
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
