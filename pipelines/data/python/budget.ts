/**
 * Limits how much a template may create. It is a program that comes with a model, and may request more than a machine
 * has: what it creates is counted, and rejected beyond what any conversation needs.
 *
 * @module
 */

/** Values, list items, and 16 characters of a text each count 1. */
const most = 2e7;

/** The maximum size of a whole number in bits; Python itself prints at most 4,300 digits. */
const mostBits = 20_000;

let left = Infinity;

/** Runs something that creates values, with a new budget. Outside of it nothing is counted. */
export function withBudget<Result>(act: () => Result): Result {
  const before = left;
  left = most;
  try {
    return act();
  } finally {
    left = before;
  }
}

/** Deducts a number of values from the budget. Throws a RangeError if it is exhausted. */
export function spend(values: number): void {
  left -= values;
  if (!(left >= 0)) throw new RangeError("it creates more values than any conversation needs");
}

/** Deducts a text with this many characters. Throws a RangeError like {@linkcode spend}. */
export function spendText(length: number): void {
  spend(length / 16);
}

/** Deducts a text or a list that was created, and returns it. Throws a RangeError like {@linkcode spend}. */
export function spent<Value>(value: Value): Value {
  if (typeof value === "string") spendText(value.length);
  else if (Array.isArray(value)) spend(value.length);
  return value;
}

/** Deducts a whole number. Throws a RangeError if it has too many digits. */
export function spendNumber(value: bigint): bigint {
  if (left < Infinity && BigInt.asIntN(mostBits, value) !== value) {
    throw new RangeError("a whole number has thousands of digits");
  }
  return value;
}

/** Deducts a power before it is computed. Throws a RangeError like {@linkcode spendNumber}. */
export function power(base: bigint, exponent: bigint): bigint {
  const isSmall = base >= -1n && base <= 1n;
  if (left < Infinity && !isSmall && exponent > BigInt(mostBits)) spendNumber(1n << BigInt(mostBits));
  return spendNumber(base ** exponent);
}
