import * as o from "../operators.ts";
import { negativeLogSigmoid, type Objective } from "./objective.ts";

/**
 * The pairwise loss of reward models: `−ln σ(r₁ − r₂) + c·(r₁ + r₂)²`, where r is the score that a head gives an answer
 * (Bradley & Terry 1952; Ouyang et al. 2022, equation 1) and c keeps rewards around 0 (Eisenstein et al. 2023, equation
 * 5).
 */
export const bradleyTerry: Objective<"centering"> = {
  call: "bradleyTerry()",
  needsReference: false,
  scores: "heads",
  settings: { centering: { range: "amount", usual: 0 } },
  compare({ chosen: { score: better }, rejected: { score: worse } }, { centering }) {
    const sum = o.add(better, worse);
    const losses = o.add(negativeLogSigmoid(o.sub(better, worse)), o.mul(centering, o.mul(sum, sum)));
    return { losses, chosenRewards: better, rejectedRewards: worse };
  },
};
