/** Operations over one or more axes: sums and means, softmax, the largest elements. @module */
import type { Shape } from "../program/dimension.ts";
import {
  acrossTokens,
  type Definitions,
  type NoAttributes,
  noExtents,
  type OpDefinition,
  operand,
} from "./definition.ts";
import { emitRowMax, emitSoftmax, lastExtent, overLastAxis, requireLastAxis } from "./last_axis.ts";
import { perFoldedElement } from "./price.ts";

/** Which axes are reduced, and whether they are kept with extent 1. */
type Fold = { readonly axes: readonly number[]; readonly keep: boolean };

function foldedShape(shape: Shape, { axes: named, keep }: Fold): Shape {
  const axes = new Set(named);
  if (axes.size !== named.length) throw new TypeError(`A reduction cannot fold an axis twice but found (${named})`);
  return keep
    ? shape.map((dimension, axis) => (axes.has(axis) ? 1 : dimension))
    : shape.filter((_, axis) => !axes.has(axis));
}

function fold(onnxType: string, vjp: OpDefinition<Fold>["vjp"]): OpDefinition<Fold> {
  return {
    infer(inputs, attributes) {
      const x = operand({ op: onnxType, inputs }, 0);
      return { shape: foldedShape(x.shape, attributes), dtype: x.dtype };
    },
    vjp,
    onnx(emit, value) {
      const { axes, keep } = value.attributes;
      return emit.node(onnxType, [emit.of(operand(value, 0)), emit.integers(axes)], {
        keepdims: { int: keep ? 1 : 0 },
      });
    },
    extents: noExtents,
    tokenwise: acrossTokens,
    price: perFoldedElement,
  };
}

/** The attributes of reductions. */
export interface ReductionAttributes {
  readonly reduceSum: Fold;
  readonly reduceMean: Fold;
  readonly softmax: NoAttributes;
  readonly logSumExp: NoAttributes;
  readonly topMask: { readonly count: number };
}

/** The rows of the table. */
export const reductions: Definitions<ReductionAttributes> = {
  reduceSum: fold("ReduceSum", (o, cotangent, value) => {
    const { shape } = operand(value, 0);
    return [o.expand(o.reshape(cotangent, foldedShape(shape, { ...value.attributes, keep: true })), shape)];
  }),
  reduceMean: fold("ReduceMean", (o, cotangent, value) => {
    const { shape } = operand(value, 0);
    const count = value.attributes.axes.reduce((product, axis) => {
      const extent = shape[axis];
      if (typeof extent !== "number") throw new TypeError("The gradient of reduceMean needs axes of known extent");
      return product * extent;
    }, 1);
    const kept = foldedShape(shape, { ...value.attributes, keep: true });
    return [o.expand(o.reshape(o.mul(cotangent, 1 / count), kept), shape)];
  }),
  softmax: {
    ...overLastAxis,
    infer: (inputs) => requireLastAxis("softmax", inputs),
    // y · (g − Σ g·y)
    vjp: (o, g, y) => [o.mul(y, o.sub(g, o.reduceSum(o.mul(g, y), [-1], true)))],
    onnx: (emit, value) => emitSoftmax(emit, operand(value, 0)),
  },
  // max x − log max softmax(x), as in crossEntropy.
  logSumExp: {
    ...overLastAxis,
    infer(inputs) {
      const { shape, dtype } = requireLastAxis("logSumExp", inputs);
      return { shape: [...shape.slice(0, -1), 1], dtype };
    },
    vjp: (o, g, value) => [o.mul(g, o.softmax(operand(value, 0)))],
    onnx(emit, value) {
      const x = operand(value, 0), peak = emit.node("Log", [emitRowMax(emit, emitSoftmax(emit, x))]);
      return emit.node("Sub", [emitRowMax(emit, emit.of(x)), peak]);
    },
    price: perFoldedElement,
  },
  topMask: {
    ...overLastAxis,
    infer(inputs, { count }) {
      const x = requireLastAxis("topMask", inputs);
      if (count < 1 || count > lastExtent("topMask", x)) {
        throw new TypeError(`topMask cannot take ${count} of [${x.shape.join(", ")}]`);
      }
      return x;
    },
    vjp: () => [undefined],
    onnx(emit, value) {
      const x = emit.of(operand(value, 0)), { count } = value.attributes, lastAxis = { axis: { int: -1 } };
      const [, largest] = emit.nodes("TopK", [x, emit.integers([count])], 2, lastAxis);
      const ones = emit.node("Expand", [emit.floats([1]), emit.extents([...value.shape.slice(0, -1), count])]);
      const zeros = emit.node("Expand", [emit.floats([0]), emit.extents(value.shape)]);
      return emit.node("ScatterElements", [zeros, largest!, ones], lastAxis);
    },
  },
};
