/**
 * Rebuilding a program with some of its values replaced.
 *
 * @module
 */
import { withInputs } from "../operators.ts";
import { type Program, topologicalOrder, type Value } from "../program/program.ts";

/**
 * The values, with replacements made everywhere among what they depend on.
 *
 * @param values What to rebuild.
 * @param replace Returns the replacement of a value whose operands are already rebuilt, or `undefined` to keep it.
 */
export function rewrite(
  values: readonly Value[],
  replace: (value: Value, original: Value) => Value | undefined,
): Value[] {
  const rebuilt = new Map<Value, Value>();
  for (const value of topologicalOrder(values)) {
    const inputs = value.inputs.map((operand) => rebuilt.get(operand) ?? operand);
    const isSame = inputs.every((operand, index) => operand === value.inputs[index]);
    const next = isSame ? value : withInputs(value, inputs);
    rebuilt.set(value, replace(next, value) ?? next);
  }
  return values.map((value) => rebuilt.get(value)!);
}

/** A program rebuilt as {@linkcode rewrite} does. */
export function rewriteProgram(
  program: Program,
  replace: (value: Value, original: Value) => Value | undefined,
): Program {
  const names = Object.keys(program.outputs);
  const outputs = rewrite(Object.values(program.outputs), replace);
  return {
    name: program.name,
    outputs: Object.fromEntries(names.map((name, index) => [name, outputs[index]!])),
  };
}

/** The program with each value in `replacements` replaced; values that only the old ones needed are dropped. */
export function substitute(program: Program, replacements: ReadonlyMap<Value, Value>): Program {
  return rewriteProgram(program, (_, original) => replacements.get(original));
}
