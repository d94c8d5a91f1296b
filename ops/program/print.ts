/**
 * A program as text: one line per value, leaves by name, results marked. The text is complete (small constants are
 * printed in full), so it also identifies the program.
 *
 * @module
 */
import { exactNumbers, isLeaf, leafName, type Program, type Value, valuesOf } from "./program.ts";

/**
 * The program as text.
 *
 * @example
 * ```ts
 * import { input, scalar } from "./program.ts";
 * import { add } from "../operators.ts";
 *
 * print({ name: "increment", outputs: { y: add(input("x", ["batch"]), scalar(1)) } });
 * // increment
 * //   %0 = input x: float32[batch]
 * //   %1 = constant {elements=[1]}: float32[]
 * //   %2 = add %0 %1: float32[batch]
 * //   → y = %2
 * ```
 */
export function print(program: Program): string {
  const order = valuesOf(program);
  const numbers = new Map(order.map((value, index) => [value, index]));
  const lines = order.map((value) => `  %${numbers.get(value)} = ${describe(value, numbers)}`);
  const results = Object.entries(program.outputs).map(([name, value]) => `  → ${name} = %${numbers.get(value)}`);
  return [program.name, ...lines, ...results].join("\n") + "\n";
}

function describe(value: Value, numbers: ReadonlyMap<Value, number>): string {
  const type = `${value.dtype}[${value.shape.join(", ")}]`;
  if (isLeaf(value) && value.op !== "constant") return `${value.op} ${leafName(value)}: ${type}`;
  const operands = value.inputs.map((operand) => ` %${numbers.get(operand)}`).join("");
  const settings = Object.entries(value.attributes).filter(([, setting]) => setting !== false)
    .map(([name, setting]) => `${name}=${JSON.stringify(setting, exactNumbers)}`);
  return `${value.op}${operands}${settings.length === 0 ? "" : ` {${settings.join(", ")}}`}: ${type}`;
}
