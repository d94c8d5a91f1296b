/**
 * Rewriting a program into a cheaper one of the same meaning. Common subexpressions and dead code need no rule: equal
 * values are one object, and what no result reaches is not part of a program.
 *
 * @module
 */
import { addDimensions, type Dimension, sameShape } from "../program/dimension.ts";
import * as o from "../operators.ts";
import { type Program, scalar, type Value } from "../program/program.ts";
import { rewriteProgram } from "./rewrite.ts";

type Rule = (value: Value) => Value | undefined;

/** The number that a constant without axes holds. */
function numberOf(value: Value | undefined): number | undefined {
  if (value?.op !== "constant" || value.shape.length !== 0) return undefined;
  return (value.attributes["elements"] as readonly number[])[0];
}

/** The operand that is not the number, where an operation has exactly one of each. */
function scaled(value: Value): { x: Value; factor: number } | undefined {
  const [left, right] = value.inputs as readonly [Value, Value];
  const factor = numberOf(right) ?? numberOf(left);
  if (factor === undefined) return undefined;
  return { x: numberOf(right) === undefined ? right : left, factor };
}

function rescale(product: Value, factor: number): Value {
  const [a, b] = product.inputs as readonly [Value, Value];
  return o.matmul(a, b, { ...product.attributes, alpha: Number(product.attributes["alpha"]) * factor });
}

const arithmetic: Record<string, Rule> = {
  add(value) {
    const [left, right] = value.inputs as readonly [Value, Value];
    if (numberOf(right) === 0 && sameShape(left.shape, value.shape)) return left;
    if (numberOf(left) === 0 && sameShape(right.shape, value.shape)) return right;
    if (right.op === "neg") return o.sub(left, right.inputs[0] as Value);
    if (left.op === "neg") return o.sub(right, left.inputs[0] as Value);
    return joinPads(left, right) ?? joinPads(right, left);
  },
  sub(value) {
    const [left, right] = value.inputs as readonly [Value, Value];
    if (numberOf(right) === 0 && sameShape(left.shape, value.shape)) return left;
    if (right.op === "neg") return o.add(left, right.inputs[0] as Value);
    return undefined;
  },
  mul(value) {
    const [left, right] = value.inputs as readonly [Value, Value];
    const numbers = [numberOf(left), numberOf(right)] as const;
    if (numbers[0] !== undefined && numbers[1] !== undefined) return scalar(numbers[0] * numbers[1]);
    const pair = scaled(value);
    if (pair === undefined) return undefined;
    if (pair.factor === 1 && sameShape(pair.x.shape, value.shape)) return pair.x;
    if (pair.x.op === "matmul") return rescale(pair.x, pair.factor);
    return undefined;
  },
  neg(value) {
    const x = value.inputs[0] as Value;
    if (x.op === "neg") return x.inputs[0];
    if (x.op === "matmul") return rescale(x, -1);
    return undefined;
  },
};

/** Two paddings whose contents lie next to each other add up to one of both contents. */
function joinPads(left: Value, right: Value): Value | undefined {
  if (left.op !== "pad" || right.op !== "pad" || left.attributes["axis"] !== right.attributes["axis"]) return undefined;
  const [first, second] = [left.inputs[0] as Value, right.inputs[0] as Value];
  const axis = Number(left.attributes["axis"]), before = left.attributes["before"] as Dimension;
  if (addDimensions(before, first.shape[axis] as Dimension) !== right.attributes["before"]) return undefined;
  return o.pad(o.concat([first, second], axis), axis, before, right.attributes["after"] as Dimension);
}

const movement: Record<string, Rule> = {
  reshape(value) {
    const x = value.inputs[0] as Value;
    if (sameShape(x.shape, value.shape)) return x;
    return x.op === "reshape" ? o.reshape(x.inputs[0] as Value, value.shape) : undefined;
  },
  transpose(value) {
    const x = value.inputs[0] as Value;
    if (x.op !== "transpose") return undefined;
    const inner = x.attributes["permutation"] as readonly number[];
    const outer = value.attributes["permutation"] as readonly number[];
    return o.transpose(x.inputs[0] as Value, outer.map((axis) => inner[axis] as number));
  },
  // slice(pad(x)) that takes back what was padded, and slice(concat) that takes one part.
  slice(value) {
    const x = value.inputs[0] as Value;
    const { axis, start, end } = value.attributes;
    if ((x.op !== "pad" && x.op !== "concat") || x.attributes["axis"] !== axis) return undefined;
    let from = (x.attributes["before"] ?? 0) as Dimension;
    for (const part of x.inputs) {
      const to = addDimensions(from, part.shape[Number(axis)] as Dimension);
      if (start === from && end === to) return part;
      from = to;
    }
    return undefined;
  },
};

/**
 * A diagonal scaling of the rows commutes with a product from the right: `(s·A)B = s·(AB)`, worth it where the product
 * is narrower than its operand.
 */
function hoistRowScale(value: Value): Value | undefined {
  const [a, b] = value.inputs as readonly [Value, Value];
  if (a.op !== "mul" || value.attributes["transposeA"] || b.shape.length !== 2) return undefined;
  const wide = a.shape[a.shape.length - 1];
  const narrow = value.shape[value.shape.length - 1];
  if (typeof wide !== "number" || typeof narrow !== "number" || narrow >= wide) return undefined;
  const [x, y] = a.inputs as readonly [Value, Value];
  const [body, rows] = isRowScale(y, a) ? [x, y] : isRowScale(x, a) ? [y, x] : [];
  if (body === undefined || rows === undefined || body.shape.length < 2) return undefined;
  return o.mul(o.matmul(body, b, value.attributes), rows);
}

/**
 * `(softmax(x) − onehot(labels))·W` of a frozen W takes the labels' rows of W from the product, instead of changing one
 * element a row of a tensor as wide as the vocabulary.
 */
function pickLabels(value: Value): Value | undefined {
  const [a, b] = value.inputs as readonly [Value, Value];
  const { transposeA, transposeB, alpha } = value.attributes;
  if (a.op !== "crossEntropyGradient" || transposeA || transposeB || !isFrozen(b)) return undefined;
  const [logits, labels] = a.inputs as readonly [Value, Value];
  const rows = o.reshape(o.gatherRows(b, labels), value.shape);
  return o.sub(o.matmul(o.softmax(logits), b, value.attributes), alpha === 1 ? rows : o.mul(rows, Number(alpha)));
}

function isFrozen(value: Value): boolean {
  return value.op === "weight" || (value.op === "cast" && isFrozen(value.inputs[0] as Value));
}

function isRowScale(scale: Value, product: Value): boolean {
  const rank = product.shape.length;
  return scale.shape.length === 0 || (scale.shape.length === rank && scale.shape[rank - 1] === 1);
}

const rules: Record<string, Rule> = {
  ...arithmetic,
  ...movement,
  matmul: (value) => hoistRowScale(value) ?? pickLabels(value),
};

/** The program with every rule applied until none fits. */
export function simplify(program: Program): Program {
  const settled = new Map<Value, Value>();
  const settle = (value: Value): Value => {
    const known = settled.get(value);
    if (known !== undefined) return known;
    let current = value;
    for (let next = rules[current.op]?.(current); next !== undefined; next = rules[current.op]?.(current)) {
      current = next;
    }
    settled.set(value, current);
    return current;
  };
  let before = program;
  for (;;) {
    const after = rewriteProgram(before, settle);
    if (Object.entries(after.outputs).every(([name, value]) => before.outputs[name] === value)) return after;
    before = after;
  }
}
