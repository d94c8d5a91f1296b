import * as o from "../operators.ts";
import { negativeLogSigmoid, type Objective, perToken, referenceOf } from "./objective.ts";

/**
 * RePS: `−ln σ(b·r₁ − r₂)`, where r is the mean log-likelihood of an answer's tokens and `b = max(s·(ln p₀(rejected) −
 * ln p₀(chosen)), 1)` weights the chosen answer by how much less likely it is under the frozen model (Wu et al. 2025,
 * *Improved Representation Steering for Language Models*, arXiv 2505.20809: the half of the objective that steers
 * toward a concept). No term keeps the model close to the frozen one. An answer's reward is `b·r₁`, or `r₂`.
 */
export const reps: Objective<"scale"> = {
  call: "reps()",
  needsReference: true,
  scores: "likelihoods",
  settings: { scale: { range: "positive", usual: 1 } },
  compare({ chosen, rejected }, { scale }) {
    const unlikelier = o.sub(referenceOf(rejected), referenceOf(chosen));
    const weight = o.max(o.mul(scale, unlikelier), 1);
    const chosenRewards = o.mul(weight, perToken(chosen)), rejectedRewards = perToken(rejected);
    return { losses: negativeLogSigmoid(o.sub(chosenRewards, rejectedRewards)), chosenRewards, rejectedRewards };
  },
};
