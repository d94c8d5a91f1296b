/** Clipping gradients by their common norm. @module */
import * as o from "../operators.ts";
import { scalar, type Value } from "../program/program.ts";

/** Keeps the quotient finite where all gradients are 0, as in torch. */
const epsilon = 1e-6;

/** Clipped gradients and their norm before clipping. */
interface Clipped {
  /** The 2-norm of all gradients as one vector; a tensor without axes. */
  readonly norm: Value;
  readonly gradients: readonly Value[];
}

/**
 * Scales gradients so that their common 2-norm is at most a bound, as torch's `clip_grad_norm_` does:
 * `g · min(1, bound / (‖g‖ + 1e-6))`.
 *
 * @param bound A tensor without axes.
 */
export function clipByNorm(gradients: readonly Value[], bound: Value): Clipped {
  const squares = gradients.map((gradient) => o.reduceSum(o.mul(gradient, gradient), [...gradient.shape.keys()]));
  const norm = o.sqrt(squares.reduce((sum, each) => o.add(sum, each), scalar(0)));
  const factor = o.min(o.div(bound, o.add(norm, epsilon)), 1);
  return { norm, gradients: gradients.map((gradient) => o.mul(gradient, factor)) };
}
