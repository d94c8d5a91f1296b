/** Stochastic gradient descent as in torch. @module */
import * as o from "../operators.ts";
import { type Optimizer, partOf } from "./optimizer.ts";

/** SGD's own settings. */
export interface SgdSettings {
  /** The momentum; 0 for none. */
  readonly momentum: number;
  /** Whether the step looks ahead along the momentum (Sutskever et al. 2013, as torch writes it). */
  readonly nesterov: boolean;
}

/**
 * SGD with weight decay added to the gradient, `g ← g + λθ`; with momentum `b ← μb + g` and a step along `b`, or along
 * `g + μb` with Nesterov momentum.
 *
 * @throws {RangeError} If Nesterov momentum is requested with a momentum of 0.
 */
export function sgd({ momentum, nesterov }: SgdSettings): Optimizer<string, "momentum"> {
  if (nesterov && momentum === 0) throw new RangeError("nesterov needs momentum, but it is 0; set momentum");
  const form = `sgd${momentum === 0 ? "" : nesterov ? " nesterov" : " momentum"}`;
  return {
    form,
    settings: { momentum },
    init: (shape): Record<string, readonly number[]> => momentum === 0 ? {} : { momentum: shape },
    update(parameter, gradient, { learningRate, weightDecay, settings }) {
      const { value, state } = parameter;
      const decayed = o.add(gradient, o.mul(value, weightDecay));
      if (momentum === 0) return { value: o.sub(value, o.mul(learningRate, decayed)), state };
      const next = o.add(o.mul(partOf(parameter, "momentum"), settings.momentum), decayed);
      const along = nesterov ? o.add(decayed, o.mul(next, settings.momentum)) : next;
      return { value: o.sub(value, o.mul(learningRate, along)), state: { momentum: next } };
    },
  };
}
