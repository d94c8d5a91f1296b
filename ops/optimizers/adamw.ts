/**
 * AdamW (Loshchilov & Hutter 2019) as in torch: decoupled weight decay, then a bias-corrected Adam step.
 *
 * @module
 */
import * as o from "../operators.ts";
import type { Value } from "../program/program.ts";
import type { Optimizer } from "./optimizer.ts";

/** AdamW's own settings. */
export interface AdamWSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** `1 − βᵗ` without cancellation: `−expm1(y)` with `y = t·ln β`, where `expm1(y) = 2τ/(1 − τ)`, `τ = tanh(y/2)`. */
function biasCorrection(beta: Value, count: Value): Value {
  const half = o.tanh(o.mul(o.mul(count, o.log(beta)), 0.5));
  return o.div(o.mul(half, -2), o.sub(1, half));
}

/** AdamW, which keeps two moments for each parameter. */
export function adamw({ beta1, beta2, epsilon }: AdamWSettings): Optimizer<"first" | "second", keyof AdamWSettings> {
  return {
    form: "adamw",
    settings: { beta1, beta2, epsilon },
    init: (shape) => ({ first: shape, second: shape }),
    update({ value, state }, gradient, { learningRate, weightDecay, count, settings: { beta1, beta2, epsilon } }) {
      const first = o.add(o.mul(state.first, beta1), o.mul(gradient, o.sub(1, beta1)));
      const second = o.add(o.mul(state.second, beta2), o.mul(o.mul(gradient, gradient), o.sub(1, beta2)));
      const deviation = o.div(o.sqrt(second), o.sqrt(biasCorrection(beta2, count)));
      const rate = o.div(learningRate, biasCorrection(beta1, count));
      const decayed = o.mul(value, o.sub(1, o.mul(learningRate, weightDecay)));
      return { value: o.sub(decayed, o.mul(rate, o.div(first, o.add(deviation, epsilon)))), state: { first, second } };
    },
  };
}
