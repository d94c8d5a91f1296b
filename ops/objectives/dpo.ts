import * as o from "../operators.ts";
import { type Answer, negativeLogSigmoid, type Objective, referenceOf } from "./objective.ts";

/**
 * DPO: `−(1−ε)·ln σ(β·h) − ε·ln σ(−β·h)`, where h is the amount by which the model's log-ratio of the two answers
 * exceeds the frozen model's (Rafailov et al. 2023, equation 7; ε is the label smoothing of conservative DPO, Mitchell
 * 2023). An answer's reward is `β·ln(p/p₀)`.
 */
export const dpo: Objective<"beta" | "labelSmoothing"> = {
  call: "dpo({ beta: 0.1 })",
  needsReference: true,
  scores: "likelihoods",
  settings: { beta: { range: "positive" }, labelSmoothing: { range: "belowHalf", usual: 0 } },
  compare({ chosen, rejected }, { beta, labelSmoothing }) {
    const reward = (answer: Answer) => o.mul(beta, o.sub(answer.score, referenceOf(answer)));
    const chosenRewards = reward(chosen), rejectedRewards = reward(rejected);
    const margin = o.sub(chosenRewards, rejectedRewards);
    const right = o.mul(o.sub(1, labelSmoothing), negativeLogSigmoid(margin));
    const wrong = o.mul(labelSmoothing, negativeLogSigmoid(o.neg(margin)));
    return { losses: o.add(right, wrong), chosenRewards, rejectedRewards };
  },
};
