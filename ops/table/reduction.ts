/** Operations that fold an axis into one number, and the normalizations built on such folds. @module */
import { sameShape, type Shape } from "../dimension.ts";
import type { Attributes, Value } from "../program.ts";
import { type Emitter, type Inferred, notDifferentiable, type OpDefinition, operand } from "./definition.ts";

function reducedShape(shape: Shape, attributes: Attributes): Shape {
  const named = attributes["axes"] as readonly number[], axes = new Set(named);
  if (axes.size !== named.length) throw new TypeError(`A reduction cannot fold an axis twice but found (${named})`);
  return attributes["keep"]
    ? shape.map((dimension, axis) => (axes.has(axis) ? 1 : dimension))
    : shape.filter((_, axis) => !axes.has(axis));
}

function reduction(onnxType: string, vjp: OpDefinition["vjp"]): OpDefinition {
  return {
    infer(inputs, attributes) {
      const x = operand({ op: onnxType, inputs }, 0);
      return { shape: reducedShape(x.shape, attributes), dtype: x.dtype };
    },
    vjp,
    onnx: (emit, value) =>
      emit.node(onnxType, [emit.of(operand(value, 0)), emit.integers(value.attributes["axes"] as readonly number[])], {
        attributes: { keepdims: { int: value.attributes["keep"] ? 1 : 0 } },
      }),
  };
}

const kept = (value: Value): Attributes => ({ ...value.attributes, keep: true });

function requireLastAxis(op: string, inputs: readonly Value[]): Value {
  const x = operand({ op, inputs }, 0);
  if (x.shape.length === 0) throw new TypeError(`${op} needs a last axis but found a number`);
  return x;
}

/** A norm's result is like its first operand; its weight has one element for each place of the last axis. */
function inferNorm(op: string, inputs: readonly Value[]): Inferred {
  const x = requireLastAxis(op, inputs), weight = operand({ op, inputs }, 1);
  if (!sameShape(weight.shape, x.shape.slice(-1)) || weight.dtype !== x.dtype) {
    throw new TypeError(
      `${op} of ${x.dtype}[${x.shape.join(", ")}] cannot have the weight ${weight.dtype}[${weight.shape.join(", ")}]`,
    );
  }
  return x;
}

function lastAxisExtent(x: Value): number {
  const extent = x.shape[x.shape.length - 1];
  if (typeof extent !== "number") throw new TypeError("A normalization needs a last axis of known extent");
  return extent;
}

function emitInverseRms(emit: Emitter, value: Value): string {
  const x = emit.of(operand(value, 0));
  const square = emit.node("ReduceMean", [emit.node("Mul", [x, x]), emit.integers([-1])], {
    attributes: { keepdims: { int: 1 } },
  });
  const shifted = emit.node("Add", [square, emit.floats([Number(value.attributes["epsilon"])])]);
  return emit.node("Reciprocal", [emit.node("Sqrt", [shifted])]);
}

/** The kernel that gives both the normalized tensor and the factor that it was scaled by. */
function emitFusedNorm(emit: Emitter, value: Value): string[] {
  return emit.nodes("SimplifiedLayerNormalization", value.inputs.map(emit.of), 2, {
    attributes: {
      axis: { int: -1 },
      epsilon: { float: Number(value.attributes["epsilon"]) },
      stash_type: { int: 1 },
    },
  });
}

/** The rows of the table. */
export const reductions = {
  reduceSum: reduction("ReduceSum", (o, cotangent, value) => {
    const x = operand(value, 0);
    return [o.expand(o.reshape(cotangent, reducedShape(x.shape, kept(value))), x.shape)];
  }),
  reduceMean: reduction("ReduceMean", (o, cotangent, value) => {
    const x = operand(value, 0);
    const count = (value.attributes["axes"] as readonly number[]).reduce((product, axis) => {
      const extent = x.shape[axis];
      if (typeof extent !== "number") throw new TypeError("The gradient of reduceMean needs axes of known extent");
      return product * extent;
    }, 1);
    const spread = o.reshape(o.mul(cotangent, 1 / count), reducedShape(x.shape, kept(value)));
    return [o.expand(spread, x.shape)];
  }),
  softmax: {
    infer: (inputs) => requireLastAxis("softmax", inputs),
    // y · (g − Σ g·y)
    vjp: (o, g, y) => [o.mul(y, o.sub(g, o.reduceSum(o.mul(g, y), [-1], true)))],
    onnx: (emit, value) => emit.node("Softmax", [emit.of(operand(value, 0))], { attributes: { axis: { int: -1 } } }),
  },
  rmsNorm: {
    infer: (inputs) => inferNorm("rmsNorm", inputs),
    // With s = 1/rms and c = g·w: dx = s·c − x · s³·mean(c·x), dw = Σ g·x·s
    vjp(o, g, value, [needsInput, needsWeight]) {
      const x = operand(value, 0), weight = operand(value, 1);
      const scale = o.inverseRms(x, weight, Number(value.attributes["epsilon"]));
      const scaled = o.mul(g, weight);
      const along = o.reduceSum(o.mul(scaled, x), [-1], true);
      const pull = o.mul(o.mul(o.mul(scale, scale), o.mul(scale, along)), 1 / lastAxisExtent(x));
      return [
        needsInput ? o.sub(o.mul(scaled, scale), o.mul(x, pull)) : undefined,
        needsWeight ? o.sumTo(o.mul(g, o.mul(x, scale)), weight.shape) : undefined,
      ];
    },
    onnx(emit, value) {
      if (emit.provider !== "webgpu") return emitFusedNorm(emit, value)[0] as string;
      const normalized = emit.node("Mul", [emit.of(operand(value, 0)), emitInverseRms(emit, value)]);
      return emit.node("Mul", [normalized, emit.of(operand(value, 1))]);
    },
  },
  inverseRms: {
    infer(inputs) {
      const { shape, dtype } = inferNorm("inverseRms", inputs);
      return { shape: [...shape.slice(0, -1), 1], dtype };
    },
    vjp: notDifferentiable("inverseRms"),
    onnx: (emit, value) =>
      emit.provider === "webgpu" ? emitInverseRms(emit, value) : emitFusedNorm(emit, value)[1] as string,
  },
} satisfies Record<string, OpDefinition>;
