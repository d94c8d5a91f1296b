/** Names for a pipeline's functions, which no file can hold. @module */

const numbers = new WeakMap<object, number>();
let functions = 0;

/** A function's number within this process, which distinguishes two with the same text: text does not show closures. */
export function functionName(declared: object): string {
  return `function ${numbers.getOrInsertComputed(declared, () => ++functions)}`;
}

/** A replacer for `JSON.stringify`, which would omit functions: it writes their names instead. */
export function namingFunctions(_: string, value: unknown): unknown {
  return typeof value === "function" ? functionName(value) : value;
}
