/**
 * The invariants that every program satisfies, whichever pass created it.
 *
 * @module
 */
import { elementCount, isSymbol, sameShape, shapeSymbols } from "../program/dimension.ts";
import { type Constant, isConstant, isNamedLeaf, type Program, valuesOf } from "../program/program.ts";
import { definitionOf, isOperation, type OpValue } from "../table/mod.ts";

/**
 * Checks a program and returns it.
 *
 * @throws {TypeError} If a shape or type differs from what the table infers, an operation is unknown, a constant's
 * elements do not fill its shape, two different leaves have the same name, a result has the name of a leaf, or a symbol
 * is not by itself an extent of any fed tensor (so that the host could not bind it).
 */
export function verify(program: Program): Program {
  const leaves = new Set<string>();
  const bound = new Set<string>();
  const used = new Set<string>();
  const { name } = program;
  for (const value of valuesOf(program)) {
    for (const symbol of shapeSymbols(value.shape)) used.add(symbol);
    if (isConstant(value)) {
      requireElements(name, value);
    } else if (isNamedLeaf(value)) {
      if (leaves.has(value.attributes.name)) {
        throw new TypeError(`${name} has two different leaves named ${value.attributes.name}`);
      }
      leaves.add(value.attributes.name);
      if (value.op !== "weight") { for (const dimension of value.shape) if (isSymbol(dimension)) bound.add(dimension); }
    } else if (isOperation(value)) {
      requireInferred(name, value);
      for (const symbol of shapeSymbols(definitionOf(value.op).extents(value.attributes))) used.add(symbol);
    } else throw new TypeError(`${name} uses the unknown operation ${value.op}`);
  }
  for (const result of Object.keys(program.outputs)) {
    if (leaves.has(result)) throw new TypeError(`${name} has a leaf and a result of the name ${result}`);
  }
  for (const symbol of used) {
    if (!bound.has(symbol)) throw new TypeError(`${name}: no fed tensor has the extent ${symbol}`);
  }
  return program;
}

function requireElements(name: string, { attributes: { elements: { length } }, shape }: Constant): void {
  if (length === elementCount(shape)) return;
  throw new TypeError(`${name} has a constant [${shape.join(", ")}] of ${length} elements`);
}

function requireInferred(name: string, { op, inputs, attributes, shape, dtype }: OpValue): void {
  const inferred = definitionOf(op).infer(inputs, attributes);
  if (sameShape(inferred.shape, shape) && inferred.dtype === dtype) return;
  const [declared, found] = [`${dtype}[${shape.join(", ")}]`, `${inferred.dtype}[${inferred.shape.join(", ")}]`];
  throw new TypeError(`${name}: ${op} says ${declared} but its operands give ${found}`);
}
