/**
 * How much a template may make. It is a program that comes with a model, and may ask for more than a machine has: what it
 * makes is counted, and refused beyond what any conversation takes.
 *
 * @module
 */

/** Values, list items, and 16 characters of a text each count 1. */
const most = 2e7;

/** The most digits of a whole number; Python itself prints no more than 4,300. */
const mostBits = 20_000;

let left = Infinity;

/** Does something that makes values, with a new budget. Outside of it nothing is counted. */
export function withBudget<Result>(act: () => Result): Result {
  const before = left;
  left = most;
  try {
    return act();
  } finally {
    left = before;
  }
}

/** Takes a number of values from what is left. Throws a RangeError if there is not so much. */
export function spend(values: number): void {
  left -= values;
  if (!(left >= 0)) throw new RangeError("it makes more values than any conversation takes");
}

/** Takes a text of so many characters. Throws a RangeError as of {@linkcode spend}. */
export function spendText(length: number): void {
  spend(length / 16);
}

/** Takes a text or a list that was made, and gives it back. Throws a RangeError as of {@linkcode spend}. */
export function spent<Value>(value: Value): Value {
  if (typeof value === "string") spendText(value.length);
  else if (Array.isArray(value)) spend(value.length);
  return value;
}

/** Takes a whole number. Throws a RangeError if it has too many digits. */
export function spendNumber(value: bigint): bigint {
  if (left < Infinity && BigInt.asIntN(mostBits, value) !== value) {
    throw new RangeError("a whole number has thousands of digits");
  }
  return value;
}

/** Takes a power before it is computed. Throws a RangeError as of {@linkcode spendNumber}. */
export function power(base: bigint, exponent: bigint): bigint {
  const isSmall = base >= -1n && base <= 1n;
  if (left < Infinity && !isSmall && exponent > BigInt(mostBits)) spendNumber(1n << BigInt(mostBits));
  return spendNumber(base ** exponent);
}
