/** Normalizations of hidden states. @module */
import * as o from "../../../ops/operators.ts";
import { constant, type Value } from "../../../ops/program/program.ts";
import type { Scope } from "./scope.ts";

/** A norm over the last axis, with its weights from the scope: [..., width] to the same. */
export type Norm = (scope: Scope, x: Value) => Value;

const widthOf = (x: Value) => x.shape[x.shape.length - 1] as number;
const filled = (width: number, number: number) => constant(new Array<number>(width).fill(number), [width]);

/**
 * RMSNorm (Zhang & Sennrich 2019).
 *
 * @param options.offset Added to the stored weight: Gemma stores the difference from 1.
 */
export function rmsNorm(epsilon: number, { offset = 0 }: { readonly offset?: number } = {}): Norm {
  return (scope, x) => {
    const stored = scope.normWeight("weight", [widthOf(x)], 1 - offset);
    return o.rmsNorm(x, offset === 0 ? stored : o.add(stored, offset), epsilon);
  };
}

/** LayerNorm (Ba et al. 2016) with the family's trained parts. */
export function layerNorm(
  epsilon: number,
  { weight = true, bias = true }: { readonly weight?: boolean; readonly bias?: boolean } = {},
): Norm {
  return (scope, x) => {
    const width = widthOf(x);
    const scale = weight ? scope.normWeight("weight", [width]) : filled(width, 1);
    return o.layerNorm(x, scale, bias ? scope.weight("bias", [width]) : filled(width, 0), epsilon);
  };
}

/**
 * LayerNorm over the last axis without bias, with weights that differ along further axes: x [..., heads, width], weight
 * [heads, width].
 */
export function scaledNorm(x: Value, weight: Value, epsilon: number): Value {
  const width = widthOf(x);
  return o.mul(o.layerNorm(x, filled(width, 1), filled(width, 0), epsilon), weight);
}
