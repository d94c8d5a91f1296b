/**
 * Rewriting a program into a cheaper equivalent. Common subexpressions and dead code need no rule: equal values are one
 * object, and values that no result depends on are not part of a program.
 *
 * @module
 */
import { ownValue } from "../program/own_value.ts";
import * as o from "../operators.ts";
import { addDimensions, type Dimension, sameShape, type Shape } from "../program/dimension.ts";
import { isConstant, type Program, scalar, type Value } from "../program/program.ts";
import { isOp, isOperation, type OpName, type OpValue } from "../table/mod.ts";
import { rewriteProgram } from "./rewrite.ts";

/** What an operation is replaced by, if anything. */
type Rules = { readonly [Op in OpName]?: (value: OpValue<Op>) => Value | undefined };

/** The operands of an operation that has two. */
const operands = ({ inputs }: Value) => [inputs[0]!, inputs[1]!] as const;

/** The number that a constant without axes holds. */
function numberOf(value: Value): number | undefined {
  return isConstant(value) && value.shape.length === 0 ? value.attributes.elements[0] : undefined;
}

/** The tensor operand and the number of an operation that has exactly one of each. */
function scaled(value: Value): { x: Value; factor: number } | undefined {
  const [left, right] = operands(value);
  const factor = numberOf(right) ?? numberOf(left);
  if (factor === undefined) return undefined;
  return { x: numberOf(right) === undefined ? right : left, factor };
}

function rescale({ inputs: [a, b], attributes }: OpValue<"matmul">, factor: number): Value {
  return o.matmul(a!, b!, { ...attributes, alpha: attributes.alpha * factor });
}

/** A scaled rotation: the angles' cosines and sines, which all blocks share, are scaled in place of what is turned. */
function rescaleTurn({ inputs, attributes }: OpValue<"rotary">, factor: number): Value | undefined {
  const [x, cosines, sines] = inputs, { heads, turned, interleaved } = attributes;
  if (turned * heads !== x!.shape[2]) return undefined;
  return o.rotary(x!, o.mul(cosines!, factor), o.mul(sines!, factor), heads, interleaved);
}

const arithmetic: Rules = {
  add(value) {
    const [left, right] = operands(value);
    if (numberOf(right) === 0 && sameShape(left.shape, value.shape)) return left;
    if (numberOf(left) === 0 && sameShape(right.shape, value.shape)) return right;
    if (isOp(right, "neg")) return o.sub(left, right.inputs[0]!);
    if (isOp(left, "neg")) return o.sub(right, left.inputs[0]!);
    return joinPads(left, right) ?? joinPads(right, left);
  },
  sub(value) {
    const [left, right] = operands(value);
    if (numberOf(right) === 0 && sameShape(left.shape, value.shape)) return left;
    if (isOp(right, "neg")) return o.add(left, right.inputs[0]!);
    return undefined;
  },
  mul(value) {
    const [left, right] = operands(value);
    const numbers = [numberOf(left), numberOf(right)] as const;
    if (numbers[0] !== undefined && numbers[1] !== undefined) return scalar(numbers[0] * numbers[1]);
    const pair = scaled(value);
    if (pair === undefined) return undefined;
    if (pair.factor === 1 && sameShape(pair.x.shape, value.shape)) return pair.x;
    if (isOp(pair.x, "matmul")) return rescale(pair.x, pair.factor);
    if (isOp(pair.x, "rotary")) return rescaleTurn(pair.x, pair.factor);
    return undefined;
  },
  neg({ inputs: [x] }) {
    if (isOp(x!, "neg")) return x.inputs[0];
    if (isOp(x!, "matmul")) return rescale(x, -1);
    return undefined;
  },
};

/** The sum of two paddings whose contents are adjacent is one padding of both contents. */
function joinPads(left: Value, right: Value): Value | undefined {
  if (!isOp(left, "pad") || !isOp(right, "pad") || left.attributes.axis !== right.attributes.axis) return undefined;
  const [first, second] = [left.inputs[0]!, right.inputs[0]!], { axis, before } = left.attributes;
  if (addDimensions(before, first.shape[axis]!) !== right.attributes.before) return undefined;
  return o.pad(o.concat([first, second], axis), axis, before, right.attributes.after);
}

/** Whether a transposition moves nothing but axes of one element. */
function keepsOrder(shape: Shape, permutation: readonly number[]): boolean {
  const moved = permutation.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, at) => at === 0 || moved[at - 1]! < axis);
}

const movement: Rules = {
  reshape({ inputs: [x], shape }) {
    if (sameShape(x!.shape, shape)) return x;
    return isOp(x!, "reshape") ? o.reshape(x.inputs[0]!, shape) : undefined;
  },
  transpose({ inputs: [x], attributes: { permutation }, shape }) {
    if (keepsOrder(x!.shape, permutation)) return o.reshape(x!, shape);
    if (!isOp(x!, "transpose")) return undefined;
    const inner = x.attributes.permutation;
    return o.transpose(x.inputs[0]!, permutation.map((axis) => inner[axis]!));
  },
  // slice(pad(x)) that undoes the padding, and slice(concat) that takes one part.
  slice({ inputs: [x], attributes: { axis, start, end } }) {
    if (!(isOp(x!, "pad") || isOp(x!, "concat")) || x.attributes.axis !== axis) return undefined;
    let from: Dimension = isOp(x, "pad") ? x.attributes.before : 0;
    for (const part of x.inputs) {
      const to = addDimensions(from, part.shape[axis]!);
      if (start === from && end === to) return part;
      from = to;
    }
    return undefined;
  },
};

/**
 * Scaling the rows commutes with a product from the right: `(s·A)B = s·(AB)`, which is cheaper if the product is
 * narrower than its operand.
 */
function hoistRowScale(value: OpValue<"matmul">): Value | undefined {
  const [a, b] = operands(value);
  if (!isOp(a, "mul") || value.attributes.transposeA || b.shape.length !== 2) return undefined;
  const wide = a.shape[a.shape.length - 1];
  const narrow = value.shape[value.shape.length - 1];
  if (typeof wide !== "number" || typeof narrow !== "number" || narrow >= wide) return undefined;
  const [x, y] = operands(a);
  const [body, rows] = isRowScale(y, a) ? [x, y] : isRowScale(x, a) ? [y, x] : [];
  if (body === undefined || rows === undefined || body.shape.length < 2) return undefined;
  return o.mul(o.matmul(body, b, value.attributes), rows);
}

/**
 * `(softmax(x) − onehot(labels))·W` with a frozen W subtracts the labels' rows of W from the product, instead of
 * changing one element per row of a tensor as wide as the vocabulary.
 */
function pickLabels(value: OpValue<"matmul">): Value | undefined {
  const [a, b] = operands(value), { transposeA, transposeB, alpha } = value.attributes;
  if (!isOp(a, "crossEntropyGradient") || transposeA || transposeB || !isFrozen(b)) return undefined;
  const [logits, labels] = operands(a);
  const rows = o.reshape(o.gatherRows(b, labels), value.shape);
  return o.sub(o.matmul(o.softmax(logits), b, value.attributes), alpha === 1 ? rows : o.mul(rows, alpha));
}

function isFrozen(value: Value): boolean {
  return value.op === "weight" || (isOp(value, "cast") && isFrozen(value.inputs[0]!));
}

function isRowScale(scale: Value, product: Value): boolean {
  const rank = product.shape.length;
  return scale.shape.length === 0 || (scale.shape.length === rank && scale.shape[rank - 1] === 1);
}

const rules: Rules = {
  ...arithmetic,
  ...movement,
  matmul: (value) => hoistRowScale(value) ?? pickLabels(value),
};

function replacementOf<Op extends OpName>(value: OpValue<Op>): Value | undefined {
  return rules[value.op]?.(value);
}

/** The program with rules applied until none matches. */
export function simplify(program: Program): Program {
  const settled = new Map<Value, Value>();
  const settle = (value: Value): Value => {
    const known = settled.get(value);
    if (known !== undefined) return known;
    let current = value;
    for (let next: Value | undefined = current; next !== undefined;) {
      current = next;
      next = isOperation(current) ? replacementOf(current) : undefined;
    }
    settled.set(value, current);
    return current;
  };
  let before = program;
  for (;;) {
    const after = rewriteProgram(before, settle);
    if (Object.entries(after.outputs).every(([name, value]) => ownValue(before.outputs, name) === value)) return after;
    before = after;
  }
}
