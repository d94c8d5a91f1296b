/**
 * Steers the text that a model generates: one direction, along which the representation of every generated token moves
 * by a learned amount, makes it give each answer in both languages. The prompt is not edited, so the first word is
 * unchanged.
 */
import {
  adamw,
  baseModel,
  block,
  direft,
  evaluate,
  exactMatch,
  greedy,
  linearSchedule,
  pipeline,
  records,
  sweep,
  train,
} from "refract";
import { createWorld, questions } from "../tiny-base/world.ts";

const foods = questions(createWorld(1)).filter(({ attribute }) => attribute === "food");
const rows = records(foods.map(({ question, answer, translated }) => ({ question, answer, translated })), {
  prompt: "question: {question}\nanswer:",
  completion: " {answer} {translated}",
});
const { train: seen, test: unseen } = rows.split({ test: 0.5, seed: 7 });

export default pipeline("steering", () => {
  const base = baseModel("builtin:tiny");
  const layer = sweep("layer", [0, 1, 2, 3]);
  const steered = train(base.with(direft({ at: block(layer).output, positions: "generated", rank: 1 })), {
    data: seen,
    epochs: 15,
    batchSize: 8,
    optimizer: adamw({ learningRate: 5e-2, schedule: linearSchedule({ warmup: 0.1 }) }),
  });
  const answers = { data: unseen, decoding: greedy({ maxNewTokens: 8 }), metrics: [exactMatch()] };
  return { base: evaluate(base, answers), steered: evaluate(steered, answers) };
});
