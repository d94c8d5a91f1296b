/**
 * The rules that every program keeps, whatever pass made it.
 *
 * @module
 */
import { elementCount, isSymbol, sameShape, type Shape, shapeSymbols } from "../program/dimension.ts";
import { isLeaf, leafName, type Program, type Value, valuesOf } from "../program/program.ts";
import { definitionOf, isOpName } from "../table/mod.ts";

/** The extents among a value's settings. */
function extentSettings({ attributes }: Value): Shape {
  return ["shape", "start", "end", "before", "after", "rows"].flatMap((name) => (attributes[name] ?? []) as Shape);
}

/**
 * Checks a program and returns it.
 *
 * @throws {TypeError} If a shape or type differs from what the table infers, an operation is unknown, a constant's
 * elements do not fill its shape, two leaves of one name differ, a result has the name of a leaf, or a symbol occurs
 * that no fed tensor has as an extent of its own (the host could not bind it).
 */
export function verify(program: Program): Program {
  const leaves = new Map<string, Value>();
  const bound = new Set<string>();
  const used = new Set<string>();
  for (const value of valuesOf(program)) {
    for (const symbol of shapeSymbols(value.shape)) used.add(symbol);
    if (isLeaf(value)) {
      if (value.op === "constant") {
        const { length } = value.attributes["elements"] as readonly number[];
        if (length === elementCount(value.shape)) continue;
        throw new TypeError(`${program.name} has a constant [${value.shape.join(", ")}] of ${length} elements`);
      }
      const name = leafName(value);
      const twin = leaves.get(name);
      if (twin !== undefined) throw new TypeError(`${program.name} has two different leaves named ${name}`);
      leaves.set(name, value);
      if (value.op === "weight") continue;
      for (const dimension of value.shape) if (isSymbol(dimension)) bound.add(dimension);
      continue;
    }
    for (const symbol of shapeSymbols(extentSettings(value))) used.add(symbol);
    if (!isOpName(value.op)) throw new TypeError(`${program.name} uses the unknown operation ${value.op}`);
    const inferred = definitionOf(value.op).infer(value.inputs, value.attributes);
    if (!sameShape(inferred.shape, value.shape) || inferred.dtype !== value.dtype) {
      throw new TypeError(
        `${program.name}: ${value.op} says ${value.dtype}[${
          value.shape.join(", ")
        }] but its operands give ${inferred.dtype}[${inferred.shape.join(", ")}]`,
      );
    }
  }
  for (const name of Object.keys(program.outputs)) {
    if (leaves.has(name)) throw new TypeError(`${program.name} has a leaf and a result of the name ${name}`);
  }
  for (const symbol of used) {
    if (!bound.has(symbol)) throw new TypeError(`${program.name}: no fed tensor has the extent ${symbol}`);
  }
  return program;
}
