import * as o from "../operators.ts";
import { type Answer, type Objective, perToken, referenceOf, tokensOf } from "./objective.ts";

/**
 * IPO: `(h − 1/(2β))²` (Azar et al. 2023, equation 17), where h is the amount by which the model's log-ratio of the two
 * answers exceeds the frozen model's. As in trl, log-likelihoods are means over an answer's tokens; an answer's reward
 * is `β·ln(p/p₀)` of these.
 */
export const ipo: Objective<"beta"> = {
  call: "ipo({ beta: 0.1 })",
  needsReference: true,
  scores: "likelihoods",
  settings: { beta: { range: "positive" } },
  compare({ chosen, rejected }, { beta }) {
    const ratio = (answer: Answer) => o.sub(perToken(answer), o.div(referenceOf(answer), tokensOf(answer)));
    const [better, worse] = [ratio(chosen), ratio(rejected)];
    const distance = o.sub(o.sub(better, worse), o.div(0.5, beta));
    return {
      losses: o.mul(distance, distance),
      chosenRewards: o.mul(beta, better),
      rejectedRewards: o.mul(beta, worse),
    };
  },
};
