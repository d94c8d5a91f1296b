/** How functions receive their arguments. @module */
import type { Arguments, PythonValue } from "./value.ts";

/** A function of a value: a method, a filter, a test. */
export type Method<Self extends PythonValue = PythonValue> = (self: Self, passed: Arguments) => PythonValue;

/**
 * A method with named parameters, which a call may pass by name; those not passed are `undefined`.
 *
 * @throws {TypeError} If a call passes too many arguments, an unknown one, or one twice.
 */
export function taking<Self extends PythonValue = PythonValue>(
  parameters: readonly string[],
  apply: (self: Self, ...given: PythonValue[]) => PythonValue,
): Method<Self> {
  return (self, passed) => apply(self, ...bound(parameters, passed));
}

/**
 * The value of each parameter.
 *
 * @throws {TypeError} If a call passes too many arguments, an unknown one, or one twice.
 */
export function bound(parameters: readonly string[], { positional, named }: Arguments): PythonValue[] {
  if (positional.length > parameters.length) {
    throw new TypeError(`there are ${positional.length} arguments, but at most ${parameters.length} are accepted`);
  }
  for (const name of named.keys()) {
    const at = parameters.indexOf(name);
    if (at === -1) throw new TypeError(`there is no argument ${name}`);
    if (at < positional.length) throw new TypeError(`the argument ${name} is given twice`);
  }
  return parameters.map((name, at) => at < positional.length ? positional[at] : named.get(name));
}

/** The arguments of a call with positional values only. */
export function positionally(positional: readonly PythonValue[]): Arguments {
  return { positional, named: new Map() };
}
