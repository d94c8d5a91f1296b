/** Evaluating small programs of scalars on the host, without a runtime. @module */
import { isConstant, isNamedLeaf, type Value } from "../program/program.ts";
import { isOperation, type OpName } from "../table/mod.ts";

/** The operations on numbers that learning-rate schedules are made of. */
const arithmetic: { readonly [Op in OpName]?: (...operands: readonly number[]) => number } = {
  add: (x = 0, y = 0) => x + y,
  sub: (x = 0, y = 0) => x - y,
  mul: (x = 0, y = 0) => x * y,
  div: (x = 0, y = 0) => x / y,
  min: Math.min,
  max: Math.max,
  neg: (x = 0) => -x,
  cos: (x = 0) => Math.cos(x),
  exp: (x = 0) => Math.exp(x),
  log: (x = 0) => Math.log(x),
  sqrt: (x = 0) => Math.sqrt(x),
};

/**
 * The value of a tensor without axes as a number, in float64.
 *
 * @param inputs The numbers of its inputs, by name.
 * @throws {TypeError} If it reads another leaf or uses an operation that has no rule here.
 */
export function scalarOf(value: Value, inputs: ReadonlyMap<string, number>): number {
  const found = isConstant(value)
    ? value.attributes.elements[0]
    : isNamedLeaf(value)
    ? inputs.get(value.attributes.name)
    : isOperation(value)
    ? arithmetic[value.op]?.(...value.inputs.map((operand) => scalarOf(operand, inputs)))
    : undefined;
  if (found === undefined || value.shape.length > 0) throw new TypeError(`The host has no number for ${value.op}`);
  return found;
}
