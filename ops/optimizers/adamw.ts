/**
 * AdamW (Loshchilov & Hutter 2019) as torch has it: decoupled weight decay, then a bias-corrected Adam step.
 *
 * @module
 */
import * as o from "../operators.ts";
import type { Value } from "../program/program.ts";

/** The numbers of a step, each a tensor without axes. */
interface AdamWStep {
  /** The rate at this step, its schedule applied. */
  readonly learningRate: Value;
  readonly weightDecay: Value;
  readonly beta1: Value;
  readonly beta2: Value;
  readonly epsilon: Value;
  /** Steps taken, this one included. */
  readonly count: Value;
}

/** A parameter with its running moments, all of one shape. */
export interface AdamWState {
  readonly value: Value;
  readonly firstMoment: Value;
  readonly secondMoment: Value;
}

/** `1 − βᵗ` without cancellation: `−expm1(y)` with `y = t·ln β`, where `expm1(y) = 2τ/(1 − τ)`, `τ = tanh(y/2)`. */
function biasCorrection(beta: Value, count: Value): Value {
  const half = o.tanh(o.mul(o.mul(count, o.log(beta)), 0.5));
  return o.div(o.mul(half, -2), o.sub(1, half));
}

/** The state after one step along the gradient. */
export function adamw(state: AdamWState, gradient: Value, step: AdamWStep): AdamWState {
  const { learningRate, weightDecay, beta1, beta2, epsilon, count } = step;
  const firstMoment = o.add(o.mul(state.firstMoment, beta1), o.mul(gradient, o.sub(1, beta1)));
  const secondMoment = o.add(o.mul(state.secondMoment, beta2), o.mul(o.mul(gradient, gradient), o.sub(1, beta2)));
  const deviation = o.div(o.sqrt(secondMoment), o.sqrt(biasCorrection(beta2, count)));
  const rate = o.div(learningRate, biasCorrection(beta1, count));
  const decayed = o.mul(state.value, o.sub(1, o.mul(learningRate, weightDecay)));
  const value = o.sub(decayed, o.mul(rate, o.div(firstMoment, o.add(deviation, epsilon))));
  return { value, firstMoment, secondMoment };
}
