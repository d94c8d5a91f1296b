/**
 * Adafactor (Shazeer & Stern 2018) as in transformers. For a matrix it keeps only the mean squares of the gradient's
 * rows and columns, so that its state takes a fraction of Adam's memory.
 *
 * @module
 */
import * as o from "../operators.ts";
import type { Value } from "../program/program.ts";
import { type Optimizer, partOf } from "./optimizer.ts";

/** Adafactor's own settings. */
export interface AdafactorSettings {
  /** If omitted, steps are relative: min(0.01, 1/√step). */
  readonly learningRate?: number | undefined;
  /** Whether steps are multiplied by the parameter's root mean square. */
  readonly scaleParameter: boolean;
  /** Whether relative steps rise from 0: min(10⁻⁶·step, 1/√step). */
  readonly warmupInit: boolean;
  /** Decay of the first moment; no first moment is kept if omitted. */
  readonly beta1?: number | undefined;
  /** The exponent of the second moment's decay, `1 − step^decayRate`. */
  readonly decayRate: number;
  /** Updates with a larger root mean square are scaled down to it. */
  readonly clipThreshold: number;
  /** Added to squared gradients. */
  readonly epsilon: number;
  /** Lower bound on a parameter's root mean square. */
  readonly scaleEpsilon: number;
}

type Fed = "decayRate" | "clipThreshold" | "epsilon" | "scaleEpsilon" | "beta1";

/** The root mean square of all elements. */
function rootMeanSquare(x: Value): Value {
  return o.sqrt(o.reduceMean(o.mul(x, x), [...x.shape.keys()]));
}

const isFactored = (shape: readonly unknown[]) => shape.length >= 2;

/** A shape without one of its last two axes. */
const without = (shape: readonly number[], axis: -1 | -2) => shape.filter((_, at) => at !== shape.length + axis);

/** The mean over one of the last two axes. */
const meanOver = (x: Value, axis: -1 | -2) => o.reduceMean(x, [x.shape.length + axis]);

/** Moments of squared gradients, and the factors that they scale a gradient by. */
interface Moments {
  readonly moments: Readonly<Record<string, Value>>;
  readonly inverse: Value;
}

/** `1/√(R·C/mean(R))` with the mean squares R of the rows and C of the columns, for gradients of a shape. */
function factored(rows: Value, columns: Value, shape: Value["shape"]): Moments {
  const last = shape.length - 1;
  const relative = o.div(rows, o.reduceMean(rows, [rows.shape.length - 1], true));
  const ofRows = o.reshape(o.sqrt(relative), shape.map((extent, axis) => axis === last ? 1 : extent));
  const ofColumns = o.reshape(o.sqrt(columns), shape.map((extent, axis) => axis === last - 1 ? 1 : extent));
  return { moments: { rows, columns }, inverse: o.mul(o.div(1, ofRows), o.div(1, ofColumns)) };
}

/** `1/√V` with the elements' own squares V. */
function single(second: Value): Moments {
  return { moments: { second }, inverse: o.div(1, o.sqrt(second)) };
}

/**
 * Adafactor, which keeps the mean squares of a matrix's rows and columns or of a vector's elements, and, with `beta1`,
 * a first moment of its updates.
 *
 * @throws {RangeError} If `warmupInit` is combined with a learning rate.
 */
export function adafactor(settings: AdafactorSettings): Optimizer<string, Fed> {
  const { learningRate, beta1, scaleParameter, warmupInit } = settings;
  const isRelative = learningRate === undefined, keepsFirst = beta1 !== undefined;
  if (warmupInit && !isRelative) {
    throw new RangeError("warmupInit applies only to relative steps, but a learningRate is given; omit one of them");
  }
  const traits = { relative: isRelative, warmup: warmupInit, scaled: scaleParameter, first: keepsFirst };
  const form = ["adafactor", ...Object.entries(traits).flatMap(([name, has]) => has ? [name] : [])].join(" ");

  return {
    form,
    settings: {
      decayRate: settings.decayRate,
      clipThreshold: settings.clipThreshold,
      epsilon: settings.epsilon,
      scaleEpsilon: settings.scaleEpsilon,
      beta1: beta1 ?? 0,
    },
    init: (shape): Record<string, readonly number[]> => ({
      ...isFactored(shape) ? { rows: without(shape, -1), columns: without(shape, -2) } : { second: shape },
      ...keepsFirst ? { first: shape } : {},
    }),
    update(parameter, gradient, { learningRate, weightDecay, count, settings: fed }) {
      const { value } = parameter;
      // β₂ is 1 − newest: 0 at the first step.
      const newest = o.exp(o.mul(o.log(count), fed.decayRate));
      const next = (part: string, now: Value) =>
        o.add(o.mul(partOf(parameter, part), o.sub(1, newest)), o.mul(now, newest));
      const squares = o.add(o.mul(gradient, gradient), fed.epsilon);
      const { inverse, moments } = isFactored(gradient.shape)
        ? factored(next("rows", meanOver(squares, -1)), next("columns", meanOver(squares, -2)), gradient.shape)
        : single(next("second", squares));
      const whole = o.mul(gradient, inverse);
      const clipped = o.div(whole, o.max(o.div(rootMeanSquare(whole), fed.clipThreshold), 1));
      const given = isRelative ? o.min(warmupInit ? o.mul(count, 1e-6) : 1e-2, o.div(1, o.sqrt(count))) : learningRate;
      const rate = scaleParameter ? o.mul(given, o.max(rootMeanSquare(value), fed.scaleEpsilon)) : given;
      const step = o.mul(clipped, rate), decayed = o.mul(value, o.sub(1, o.mul(rate, weightDecay)));
      if (!keepsFirst) return { value: o.sub(decayed, step), state: moments };
      const first = o.add(o.mul(partOf(parameter, "first"), fed.beta1), o.mul(step, o.sub(1, fed.beta1)));
      return { value: o.sub(decayed, first), state: { ...moments, first } };
    },
  };
}
