import * as o from "../operators.ts";
import { elementCount } from "../program/dimension.ts";
import type { Value } from "../program/program.ts";

/** The rows [labelled, width] of hidden states [batch, tokens, width] at indices [labelled, 1] into batch · tokens. */
export function rowsAt(hidden: Value, places: Value): Value {
  const width = hidden.shape[hidden.shape.length - 1]!;
  const rows = o.reshape(hidden, [elementCount(hidden.shape.slice(0, -1)), width]);
  return o.reshape(o.gatherRows(rows, places), [elementCount(places.shape), width]);
}

/**
 * Each row's cross-entropy with a target that spreads a `share` of its mass evenly over the classes and puts the rest
 * on the label: `(1 − ε)·nll + ε·(lse − mean(logits))`, as in torch's `label_smoothing` and transformers'
 * LabelSmoother.
 *
 * @param logits [n, classes].
 * @param labels [n, 1].
 * @param share The smoothing ε, a tensor without axes; no smoothing if omitted.
 */
export function crossEntropies(logits: Value, labels: Value, share?: Value): Value {
  if (share === undefined) return o.crossEntropy(logits, labels);
  const uniform = o.sub(o.logSumExp(logits), o.reduceMean(logits, [1], true));
  return o.add(o.mul(o.crossEntropy(logits, labels), o.sub(1, share)), o.mul(uniform, share));
}

/** The squared errors [rows, 1] of the numbers predicted for each row. */
export function squaredErrors(outputs: Value, targets: Value): Value {
  const difference = o.sub(outputs, targets);
  return o.mul(difference, difference);
}

/** The sum of the rows' losses [rows, 1] times `scale` (the reciprocal of the batch's labelled tokens). */
export function scaledLoss(losses: Value, scale: Value): Value {
  return o.mul(o.reduceSum(losses, [0, 1]), scale);
}
