/** Lion (Chen et al. 2023, algorithm 2). @module */
import * as o from "../operators.ts";
import type { Optimizer } from "./optimizer.ts";

/** Lion's own settings. */
export interface LionSettings {
  readonly beta1: number;
  readonly beta2: number;
}

/** Lion: decoupled weight decay, then a step along the sign of `β₁m + (1 − β₁)g`; `m ← β₂m + (1 − β₂)g`. */
export function lion({ beta1, beta2 }: LionSettings): Optimizer<"first", keyof LionSettings> {
  return {
    form: "lion",
    settings: { beta1, beta2 },
    init: (shape) => ({ first: shape }),
    update({ value, state: { first } }, gradient, { learningRate, weightDecay, settings: { beta1, beta2 } }) {
      const blended = (beta: typeof beta1) => o.add(o.mul(first, beta), o.mul(gradient, o.sub(1, beta)));
      const decayed = o.mul(value, o.sub(1, o.mul(learningRate, weightDecay)));
      return {
        value: o.sub(decayed, o.mul(learningRate, o.sign(blended(beta1)))),
        state: { first: blended(beta2) },
      };
    },
  };
}
