/**
 * Teaches a frozen model to answer in another language. `builtin:tiny` knows a hundred and sixty creatures and two
 * languages, but it answers every English question in English. A LoReFT edit of one token's representation makes it
 * answer in Veli, even for creatures that it was not trained on.
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
  pipeline,
  settings,
  train,
} from "refract";
import { seen, unseen } from "./colours.ts";

export default pipeline("quickstart", () => {
  const { rank, epochs } = settings({
    rank: { default: 4, least: 1, most: 128, whole: true, about: "Dimensions that the edit may change" },
    epochs: { default: 15, least: 1, whole: true, unit: "passes over the rows" },
  });
  const base = baseModel("builtin:tiny");
  const tuned = train(base.with(loreft({ at: block(2).output, positions: "l1", rank })), {
    data: seen,
    epochs,
    batchSize: 8,
    optimizer: adamw({ learningRate: 2e-2, schedule: linearSchedule({ warmup: 0.1 }) }),
  });
  const answers = { data: unseen, decoding: greedy({ maxNewTokens: 4 }), metrics: [exactMatch()] };
  return { base: evaluate(base, answers), tuned: evaluate(tuned, answers) };
});
