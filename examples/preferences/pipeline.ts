/**
 * Trains on pairs of answers, of which one is preferred: Veli over English. With both objectives an edit prefers Veli
 * even for creatures that it was not trained on; DPO, which stays close to the frozen model, generates it half of the
 * time, and RePS always. A reward head learns to score given answers.
 */
import {
  adamw,
  baseModel,
  block,
  bradleyTerry,
  dpo,
  evaluate,
  exactMatch,
  greedy,
  linearSchedule,
  loreft,
  pipeline,
  prefer,
  records,
  reps,
  reward,
  rewardAccuracy,
  rewardMargin,
  sweep,
  train,
} from "refract";
import { createWorld, questions } from "../tiny-base/world.ts";

const colours = questions(createWorld(1)).filter(({ attribute }) => attribute === "colour");
const pairs = records(
  colours.map(({ question, answer, translated }) => ({ question, answer, translated })),
  prefer({ prompt: "question: {question}\nanswer:", chosen: " {translated}", rejected: " {answer}" }),
);
const { train: seen, test: unseen } = pairs.split({ test: 0.5, seed: 7 });

export default pipeline("preferences", () => {
  const objective = sweep("objective", [dpo({ beta: 0.1 }), reps()]);
  const base = baseModel("builtin:tiny"), edit = { at: block(2).output, rank: 4 };
  const settings = {
    data: seen,
    epochs: 5,
    batchSize: 8,
    optimizer: adamw({ learningRate: 2e-2, schedule: linearSchedule({ warmup: 0.1 }) }),
  };
  const preferred = train(base.with(loreft({ ...edit, positions: "l1" })), { ...settings, objective });
  const judge = train(base.with(loreft({ ...edit, positions: "completion" }), reward()), {
    ...settings,
    objective: bradleyTerry(),
  });
  const rewards = [rewardAccuracy(), rewardMargin()], decoding = greedy({ maxNewTokens: 4 });
  return {
    base: evaluate(base, { data: unseen, decoding, metrics: [exactMatch()] }),
    preferred: evaluate(preferred, { data: unseen, decoding, metrics: [exactMatch(), ...rewards] }),
    judge: evaluate(judge, { data: unseen, metrics: rewards }),
  };
});
