/**
 * Reverse-mode differentiation over the table. Only values on a path from a wanted leaf to the result get a cotangent:
 * values that depend on no parameter cost nothing here, and the frontier later removes them altogether.
 *
 * @module
 */
import * as operators from "../operators.ts";
import { dependants, scalar, topologicalOrder, type Value } from "../program/program.ts";
import { definitionOf, isOperation } from "../table/mod.ts";

/**
 * The gradients of a scalar with respect to some values.
 *
 * @param loss A value without axes.
 * @param wanted Usually parameters.
 * @returns One gradient for each of `wanted`, of its shape; `undefined` where the loss does not depend on it.
 * @throws {TypeError} If the loss has axes, or an operation on the path has no gradient.
 */
export function gradients(loss: Value, wanted: readonly Value[]): (Value | undefined)[] {
  if (loss.shape.length !== 0) throw new TypeError(`gradients needs a scalar but found [${loss.shape.join(", ")}]`);
  const order = topologicalOrder([loss]);
  const varying = dependants(order, wanted);
  const cotangents = new Map<Value, Value>();
  if (varying.has(loss)) cotangents.set(loss, scalar(1));
  for (const value of order.toReversed()) {
    const cotangent = cotangents.get(value);
    if (cotangent === undefined || !isOperation(value)) continue;
    const needed = value.inputs.map((input) => varying.has(input));
    const contributions = definitionOf(value.op).vjp(operators, cotangent, value, needed);
    value.inputs.forEach((input, index) => {
      const contribution = contributions[index];
      if (!needed[index] || contribution === undefined) return;
      const sofar = cotangents.get(input);
      cotangents.set(input, sofar === undefined ? contribution : operators.add(sofar, contribution));
    });
  }
  return wanted.map((value) => cotangents.get(value));
}
