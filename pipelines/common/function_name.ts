/** Names for functions of a pipeline, which no file can hold. @module */

const numbers = new WeakMap<object, number>();
let functions = 0;

/** A function's number within this process, so that two with the same text are distinguished: text does not show closures. */
export function functionName(declared: object): string {
  return `function ${numbers.getOrInsertComputed(declared, () => ++functions)}`;
}

/** A replacer for `JSON.stringify`, which would omit functions: their names in their places. */
export function namingFunctions(_: string, value: unknown): unknown {
  return typeof value === "function" ? functionName(value) : value;
}
