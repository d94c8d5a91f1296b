import * as o from "../operators.ts";
import { elementCount } from "../program/dimension.ts";
import type { Value } from "../program/program.ts";

/** The rows [labelled, width] of hidden states [batch, tokens, width] at places [labelled, 1] in batch · tokens. */
export function rowsAt(hidden: Value, places: Value): Value {
  const width = hidden.shape[hidden.shape.length - 1]!;
  const rows = o.reshape(hidden, [elementCount(hidden.shape.slice(0, -1)), width]);
  return o.reshape(o.gatherRows(rows, places), [elementCount(places.shape), width]);
}

/** The squared errors [rows, 1] of the numbers predicted for some rows. */
export function squaredErrors(outputs: Value, targets: Value): Value {
  const difference = o.sub(outputs, targets);
  return o.mul(difference, difference);
}

/** The sum of the rows' losses [rows, 1] times `scale` (the reciprocal of the batch's labelled tokens). */
export function scaledLoss(losses: Value, scale: Value): Value {
  return o.mul(o.reduceSum(losses, [0, 1]), scale);
}
