/** Python's arithmetic on numbers, texts and lists. @module */
import { power, spend, spendNumber, spendText } from "./budget.ts";
import { asNumber } from "./compare.ts";
import { formatted } from "./percent.ts";
import { isList, itemsOf, PythonTuple, type PythonValue, SafeText, typeName } from "./value.ts";

type Numbers = readonly [bigint, bigint] | readonly [number, number];

/** An operation on two ints, and on two floats. */
interface Operation {
  readonly ints: (one: bigint, other: bigint) => PythonValue;
  readonly floats: (one: number, other: number) => PythonValue;
}

const divided = (one: number, other: number) => {
  if (other === 0) throw new RangeError("division by zero");
  return one / other;
};
const floorDivided = (one: bigint, other: bigint) => {
  if (other === 0n) throw new RangeError("division by zero");
  const quotient = one / other;
  return quotient * other !== one && (one < 0n) !== (other < 0n) ? quotient - 1n : quotient;
};
const remainder = (one: number, other: number) => {
  divided(one, other);
  const rest = one % other;
  return rest !== 0 && (rest < 0) !== (other < 0) ? rest + other : rest;
};

const operations: ReadonlyMap<string, Operation> = new Map([
  ["+", { ints: (a: bigint, b: bigint) => a + b, floats: (a: number, b: number) => a + b }],
  ["-", { ints: (a, b) => a - b, floats: (a, b) => a - b }],
  ["*", { ints: (a, b) => spendNumber(a * b), floats: (a, b) => a * b }],
  ["/", { ints: (a, b) => divided(Number(a), Number(b)), floats: divided }],
  ["//", { ints: floorDivided, floats: (a, b) => Math.floor(divided(a, b)) }],
  ["%", { ints: (a, b) => a - floorDivided(a, b) * b, floats: remainder }],
  ["**", { ints: (a, b) => b < 0n ? Number(a) ** Number(b) : power(a, b), floats: (a, b) => a ** b }],
]);

/**
 * The result of a binary operation.
 *
 * @throws {TypeError} If there is no such operation on them.
 */
export function calculate(operator: string, one: PythonValue, other: PythonValue): PythonValue {
  const numbers = numbersOf(one, other), operation = operations.get(operator);
  if (numbers !== undefined && operation !== undefined) {
    return typeof numbers[0] === "bigint"
      ? operation.ints(...numbers as readonly [bigint, bigint])
      : operation.floats(...numbers as readonly [number, number]);
  }
  if (operator === "+") {
    if (one instanceof SafeText || other instanceof SafeText) return new SafeText(htmlOf(one) + htmlOf(other));
    if (typeof one === "string" && typeof other === "string") return one + other;
    if (isList(one) && isList(other)) return [...one, ...other];
    if (one instanceof PythonTuple && other instanceof PythonTuple) {
      return new PythonTuple([...one.items, ...other.items]);
    }
  }
  if (operator === "*") {
    const repeated = repeat(one, other) ?? repeat(other, one);
    if (repeated !== undefined) return repeated;
  }
  if (operator === "%" && typeof one === "string") return formatted(one, other);
  throw new TypeError(`values of type ${typeName(one)} and ${typeName(other)} can't be combined with ${operator}`);
}

const htmlEscapes: ReadonlyMap<string, string> = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&#34;"],
  ["'", "&#39;"],
]);

/** A text escaped as HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => htmlEscapes.get(character)!);
}

function htmlOf(value: PythonValue): string {
  if (value instanceof SafeText) return value.text;
  if (typeof value === "string") return escapeHtml(value);
  throw new TypeError(`values of type Markup and ${typeName(value)} can't be combined with +`);
}

/** `+` or `-` before a number. */
export function signed(operator: string, value: PythonValue): PythonValue {
  const number = asNumber(value);
  if (number === undefined) throw new TypeError(`a value of type ${typeName(value)} can't follow ${operator}`);
  return operator === "-" ? -number : number;
}

function numbersOf(one: PythonValue, other: PythonValue): Numbers | undefined {
  const [a, b] = [asNumber(one), asNumber(other)];
  if (a === undefined || b === undefined) return undefined;
  return typeof a === "bigint" && typeof b === "bigint" ? [a, b] : [Number(a), Number(b)];
}

function repeat(value: PythonValue, times: PythonValue): PythonValue {
  const number = asNumber(times);
  if (typeof number !== "bigint") return undefined;
  const count = Math.max(0, Number(number));
  if (typeof value === "string") {
    spendText(value.length * count);
    return value.repeat(count);
  }
  const items = itemsOf(value);
  if (items === undefined) return undefined;
  spend(items.length * count);
  const repeated = Array.from({ length: count }, () => items).flat();
  return isList(value) ? repeated : new PythonTuple(repeated);
}
