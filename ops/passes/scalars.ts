/** The number that a small program without axes gives, computed by the host where nothing else has to run. @module */
import { isConstant, isNamedLeaf, type Value } from "../program/program.ts";
import { isOperation, type OpName } from "../table/mod.ts";

/** What operations do to numbers: those that schedules of rates are made of. */
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
 * The number that a value without axes has, in float64.
 *
 * @param inputs The numbers of its inputs, by name.
 * @throws {TypeError} If it reads another leaf, or is of an operation that has no rule here.
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
