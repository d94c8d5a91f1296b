/** Operations that act on each element alone. @module */
import type { TensorName } from "../onnx/graph_writer.ts";
import { cast } from "../onnx/nodes.ts";
import type { Attributes, DataType, Value } from "../program/program.ts";
import type { Builder } from "./builder.ts";
import {
  alongTokens,
  broadcast,
  type Definitions,
  type NoAttributes,
  noExtents,
  notDifferentiable,
  type OpDefinition,
  operand,
} from "./definition.ts";
import type { Emitter } from "./emitter.ts";
import { moved, perElement } from "./price.ts";

type BinaryRule = (
  o: Builder,
  cotangent: Value,
  operands: { x: Value; y: Value },
) => readonly [() => Value, () => Value];

const elementByElement = { extents: noExtents, tokenwise: alongTokens, price: perElement } as const;

function binary(name: string, onnxType: string, rule?: BinaryRule): OpDefinition<NoAttributes> {
  return {
    ...elementByElement,
    infer(inputs) {
      const x = operand({ op: name, inputs }, 0), y = operand({ op: name, inputs }, 1);
      if (x.dtype !== y.dtype) throw new TypeError(`${name} cannot mix ${x.dtype} with ${y.dtype}`);
      return { shape: broadcast(name, x.shape, y.shape), dtype: x.dtype };
    },
    vjp(o, cotangent, value, needed) {
      if (rule === undefined) return notDifferentiable(name)(o, cotangent, value, needed);
      const x = operand(value, 0), y = operand(value, 1);
      return rule(o, cotangent, { x, y }).map((gradient, index) =>
        needed[index] ? o.sumTo(gradient(), operand(value, index).shape) : undefined
      );
    },
    onnx: (emit, value) => emit.node(onnxType, value.inputs.map(emit.of)),
  };
}

/** `rule` returns the product of the derivative and the cotangent. */
function unary<Settings extends Attributes = NoAttributes>(
  emitNode: string | ((emit: Emitter, x: TensorName, attributes: Settings) => TensorName),
  rule: (o: Builder, cotangent: Value, x: Value, y: Value) => Value | undefined,
): OpDefinition<Settings> {
  return {
    ...elementByElement,
    infer(inputs) {
      const { shape, dtype } = operand({ op: "elementwise", inputs }, 0);
      return { shape, dtype };
    },
    vjp: (o, cotangent, value) => [rule(o, cotangent, operand(value, 0), value)],
    onnx(emit, value) {
      const x = emit.of(operand(value, 0));
      return typeof emitNode === "string" ? emit.node(emitNode, [x]) : emitNode(emit, x, value.attributes);
    },
  };
}

/** Sign, or, without a kernel for it, (x > 0) − (x < 0). */
function emitSign(emit: Emitter, x: TensorName): TensorName {
  if (emit.kernels.sign) return emit.node("Sign", [x]);
  const whether = (type: string) => cast(emit, emit.node(type, [x, emit.floats([0])]), "float32");
  return emit.node("Sub", [whether("Greater"), whether("Less")]);
}

const floats: readonly DataType[] = ["float32", "float16", "bfloat16"];

const sqrtHalf = Math.SQRT1_2;
const sqrtTwoOverPi = Math.sqrt(2 / Math.PI);
const cubic = 0.044715;
const twoOverSqrtPi = 2 / Math.sqrt(Math.PI);

/** The operations without attributes. */
const plain = {
  add: binary("add", "Add", (_, g) => [() => g, () => g]),
  sub: binary("sub", "Sub", (o, g) => [() => g, () => o.neg(g)]),
  mul: binary("mul", "Mul", (o, g, { x, y }) => [() => o.mul(g, y), () => o.mul(g, x)]),
  div: binary("div", "Div", (o, g, { x, y }) => [
    () => o.div(g, y),
    () => o.neg(o.mul(g, o.div(x, o.mul(y, y)))),
  ]),
  min: binary("min", "Min"),
  max: binary("max", "Max"),
  neg: unary("Neg", (o, g) => o.neg(g)),
  exp: unary("Exp", (o, g, _, y) => o.mul(g, y)),
  log: unary("Log", (o, g, x) => o.div(g, x)),
  sqrt: unary("Sqrt", (o, g, _, y) => o.div(o.mul(g, 0.5), y)),
  cos: unary("Cos", (o, g, x) => o.neg(o.mul(g, o.sin(x)))),
  sin: unary("Sin", (o, g, x) => o.mul(g, o.cos(x))),
  tanh: unary("Tanh", (o, g, _, y) => o.mul(g, o.sub(1, o.mul(y, y)))),
  sigmoid: unary("Sigmoid", (o, g, _, y) => o.mul(g, o.mul(y, o.sub(1, y)))),
  // d silu/dx = σ + silu · (1 − σ)
  silu: unary(
    (emit, x) => emit.node("Mul", [x, emit.node("Sigmoid", [x])]),
    (o, g, x, y) => {
      const s = o.sigmoid(x);
      return o.mul(g, o.add(s, o.mul(y, o.sub(1, s))));
    },
  ),
  softplus: unary("Softplus", (o, g, x) => o.mul(g, o.sigmoid(x))),
  relu: unary("Relu", (o, g, _, y) => o.mul(g, o.sign(y))),
  erf: unary("Erf", (o, g, x) => o.mul(g, o.mul(o.exp(o.neg(o.mul(x, x))), twoOverSqrtPi))),
  // x · Φ(x), Φ(x) = (1 + erf(x/√2)) / 2, and its derivative Φ(x) + x · φ(x)
  gelu: unary(
    (emit, x) => {
      const scaled = emit.node("Erf", [emit.node("Mul", [x, emit.floats([sqrtHalf])])]);
      const doubled = emit.node("Add", [scaled, emit.floats([1])]);
      return emit.node("Mul", [emit.node("Mul", [x, doubled]), emit.floats([0.5])]);
    },
    (o, g, x) => {
      const distribution = o.mul(o.add(o.erf(o.mul(x, sqrtHalf)), 1), 0.5);
      const density = o.mul(o.exp(o.mul(o.mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return o.mul(g, o.add(distribution, o.mul(x, density)));
    },
  ),
  geluTanh: unary(
    (emit, x) => {
      if (emit.kernels.geluTanh) return emit.node("Gelu", [x], { approximate: { text: "tanh" } });
      const cube = emit.node("Mul", [emit.node("Mul", [x, x]), emit.node("Mul", [x, emit.floats([cubic])])]);
      const bent = emit.node("Tanh", [emit.node("Mul", [emit.node("Add", [x, cube]), emit.floats([sqrtTwoOverPi])])]);
      const doubled = emit.node("Add", [bent, emit.floats([1])]);
      return emit.node("Mul", [emit.node("Mul", [x, doubled]), emit.floats([0.5])]);
    },
    // With u = √(2/π)(x + c·x³) and t = tanh u: (1 + t)/2 + x/2 · (1 − t²) · u′
    (o, g, x) => {
      const square = o.mul(x, x);
      const t = o.tanh(o.mul(o.mul(x, o.add(o.mul(square, cubic), 1)), sqrtTwoOverPi));
      const slope = o.mul(o.add(o.mul(square, 3 * cubic), 1), sqrtTwoOverPi / 2);
      const bent = o.mul(o.mul(x, slope), o.sub(1, o.mul(t, t)));
      return o.mul(g, o.add(o.mul(o.add(t, 1), 0.5), bent));
    },
  ),
  detach: unary("Identity", () => undefined),
  sign: unary(emitSign, () => undefined),
  // ONNX has no Trunc: ⌊max(x, 0)⌋ − ⌊max(−x, 0)⌋
  truncate: unary(
    (emit, x) => {
      const floor = (y: TensorName) => emit.node("Floor", [emit.node("Relu", [y])]);
      return emit.node("Sub", [floor(x), floor(emit.node("Neg", [x]))]);
    },
    () => undefined,
  ),
} satisfies Readonly<Record<string, OpDefinition<NoAttributes>>>;

/** The attributes of elementwise operations. */
export type ElementwiseAttributes = Readonly<Record<keyof typeof plain, NoAttributes>> & {
  readonly clamp: { readonly low: number; readonly high: number };
  readonly cast: { readonly to: DataType };
};

/** The rows of the table. */
export const elementwise: Definitions<ElementwiseAttributes> = {
  ...plain,
  clamp: unary(
    (emit, x, { low, high }) => emit.node("Clip", [x, emit.floats([low]), emit.floats([high])]),
    (o, g, x, y) => {
      const moved = o.sign(o.sub(x, y));
      return o.mul(g, o.sub(1, o.mul(moved, moved)));
    },
  ),
  cast: {
    infer(inputs, { to }) {
      const x = operand({ op: "cast", inputs }, 0);
      if (!floats.includes(x.dtype) || !floats.includes(to)) {
        throw new TypeError(`cast cannot turn ${x.dtype} into ${to}`);
      }
      return { shape: x.shape, dtype: to };
    },
    vjp: (o, cotangent, value) => [o.cast(cotangent, operand(value, 0).dtype)],
    onnx: (emit, value) => cast(emit, emit.of(operand(value, 0)), value.dtype),
    extents: noExtents,
    tokenwise: alongTokens,
    price: { ...moved, held: "perUse" },
  },
};
