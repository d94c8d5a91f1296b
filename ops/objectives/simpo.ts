import * as o from "../operators.ts";
import { negativeLogSigmoid, type Objective, perToken } from "./objective.ts";

/**
 * SimPO: `−ln σ(r₁ − r₂ − γ)`, where an answer's reward r is β times the mean log-likelihood of its tokens (Meng et al.
 * 2024, equation 6). It needs no frozen model.
 */
export const simpo: Objective<"beta" | "gamma"> = {
  call: "simpo({ beta: 2, gamma: 1 })",
  needsReference: false,
  scores: "likelihoods",
  settings: { beta: { range: "positive" }, gamma: { range: "amount" } },
  compare({ chosen, rejected }, { beta, gamma }) {
    const chosenRewards = o.mul(beta, perToken(chosen)), rejectedRewards = o.mul(beta, perToken(rejected));
    const losses = negativeLogSigmoid(o.sub(o.sub(chosenRewards, rejectedRewards), gamma));
    return { losses, chosenRewards, rejectedRewards };
  },
};
