/**
 * Symbolic dimensions. A dimension is an integer or a polynomial with integer coefficients over symbols such as
 * `batch`, `context` and `tail`, held as its canonical text: `"2*batch*tail+context"`. Equal dimensions are equal
 * strings, so `===` compares them and a shape is plain data.
 *
 * @module
 */
import { ownValue } from "./own_value.ts";

/** A number, or the canonical text of a polynomial over symbols. */
export type Dimension = number | string;

/** The extents of a tensor, outermost first. */
export type Shape = readonly Dimension[];

/** The extent of each symbol in one run. */
export type Bindings = Readonly<Record<string, number>>;

type Polynomial = ReadonlyMap<string, number>;

const parsed = new Map<string, Polynomial>();
const products = new Map<string, Dimension>();

/** The sum of dimensions. */
export function addDimensions(...terms: Dimension[]): Dimension {
  const sum = new Map<string, number>();
  for (const term of terms) for (const [monomial, factor] of polynomial(term)) accumulate(sum, monomial, factor);
  return canonical(sum);
}

/** `left − right`; the result may be symbolic. */
export function subtractDimensions(left: Dimension, right: Dimension): Dimension {
  return addDimensions(left, multiplyDimensions(right, -1));
}

/** The product of dimensions; 1 if there are none. */
export function multiplyDimensions(...factors: Dimension[]): Dimension {
  const key = factors.join(";");
  return products.getOrInsertComputed(key, () => expandProduct(factors));
}

/**
 * The number by which one dimension must be multiplied to give another.
 *
 * @throws {RangeError} If `whole` is not an integer multiple of `part` for all values of the symbols.
 */
export function divideDimensions(whole: Dimension, part: Dimension): number {
  const [monomial, factor] = [...polynomial(part)][0] ?? ["", 0];
  const times = (polynomial(whole).get(monomial) ?? 0) / factor;
  if (!Number.isSafeInteger(times) || multiplyDimensions(times, part) !== whole) {
    throw new RangeError(`${whole} is not an integer multiple of ${part}`);
  }
  return times;
}

function expandProduct(factors: readonly Dimension[]): Dimension {
  let product: Polynomial = new Map([["", 1]]);
  for (const factor of factors) {
    const next = new Map<string, number>();
    for (const [left, a] of product) {
      for (const [right, b] of polynomial(factor)) accumulate(next, joinMonomials(left, right), a * b);
    }
    product = next;
  }
  return canonical(product);
}

/** The number of elements of a shape; a number if all extents are. */
export function elementCount(shape: readonly number[]): number;
export function elementCount(shape: Shape): Dimension;
export function elementCount(shape: Shape): Dimension {
  if (!shape.every((extent) => typeof extent === "number")) return multiplyDimensions(...shape);
  return shape.reduce((count, extent) => count * extent, 1);
}

/**
 * The value of a dimension when its symbols are bound.
 *
 * @throws {RangeError} If a symbol has no value.
 */
export function evaluateDimension(dimension: Dimension, bindings: Bindings): number {
  if (typeof dimension === "number") return dimension;
  let sum = 0;
  for (const [monomial, factor] of polynomial(dimension)) {
    let product = factor;
    for (const symbol of symbolsOf(monomial)) {
      const value = ownValue(bindings, symbol);
      if (value === undefined) throw new RangeError(`No value for the dimension ${symbol} of ${dimension}`);
      product *= value;
    }
    sum += product;
  }
  return sum;
}

/** A shape with its symbols bound. */
export function evaluateShape(shape: Shape, bindings: Bindings): number[] {
  return shape.map((dimension) => evaluateDimension(dimension, bindings));
}

/** Whether a dimension is one bare symbol, such as `tail`. */
export function isSymbol(dimension: Dimension): dimension is string {
  return typeof dimension === "string" && /^[a-z]\w*$/i.test(dimension);
}

/** The symbols that occur in a shape. */
export function shapeSymbols(shape: Shape): Set<string> {
  const symbols = new Set<string>();
  for (const dimension of shape) {
    if (typeof dimension === "number") continue;
    for (const monomial of polynomial(dimension).keys()) for (const symbol of symbolsOf(monomial)) symbols.add(symbol);
  }
  return symbols;
}

/** A dimension as a sum of terms, each with its factor and its symbols. */
export function termsOf(dimension: Dimension): { readonly factor: number; readonly symbols: readonly string[] }[] {
  return [...polynomial(dimension)].map(([monomial, factor]) => ({ factor, symbols: symbolsOf(monomial) }));
}

/** Whether two shapes are the same, symbol for symbol. */
export function sameShape(left: Shape, right: Shape): boolean {
  return left.length === right.length && left.every((dimension, axis) => dimension === right[axis]);
}

function polynomial(dimension: Dimension): Polynomial {
  if (typeof dimension === "number") return new Map(dimension === 0 ? [] : [["", dimension]]);
  let known = parsed.get(dimension);
  if (known === undefined) {
    const terms = new Map<string, number>();
    for (const term of dimension.replaceAll("-", "+-").split("+").filter((text) => text !== "")) {
      const factors = term.replace(/^-/, "").split("*");
      const numbers = factors.filter((factor) => /^\d+$/.test(factor)).map(Number);
      const symbols = factors.filter((factor) => !/^\d+$/.test(factor)).sort();
      const factor = numbers.reduce((product, number) => product * number, term.startsWith("-") ? -1 : 1);
      accumulate(terms, symbols.join("*"), factor);
    }
    known = terms;
    parsed.set(dimension, known);
  }
  return known;
}

function canonical(terms: Polynomial): Dimension {
  const entries = [...terms].filter(([, factor]) => factor !== 0).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return 0;
  if (entries.length === 1 && entries[0]?.[0] === "") return entries[0][1];
  const constantLast = [...entries.filter(([monomial]) => monomial !== ""), ...entries.filter(([m]) => m === "")];
  const text = constantLast.map(([monomial, factor]) => {
    if (monomial === "") return String(factor);
    if (factor === 1) return monomial;
    return factor === -1 ? `-${monomial}` : `${factor}*${monomial}`;
  }).join("+").replaceAll("+-", "-");
  return text;
}

function accumulate(terms: Map<string, number>, monomial: string, factor: number): void {
  terms.set(monomial, (terms.get(monomial) ?? 0) + factor);
}

function joinMonomials(left: string, right: string): string {
  return [...symbolsOf(left), ...symbolsOf(right)].sort().join("*");
}

function symbolsOf(monomial: string): string[] {
  return monomial === "" ? [] : monomial.split("*");
}
