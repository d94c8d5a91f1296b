/** Operations that fold an axis into one number, and the normalizations built on such folds. @module */
import { sameShape, type Shape } from "../program/dimension.ts";
import type { Attributes, Value } from "../program/program.ts";
import { type Inferred, notDifferentiable, type OpDefinition, operand } from "./definition.ts";
import type { Emitter } from "./emitter.ts";

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
        keepdims: { int: value.attributes["keep"] ? 1 : 0 },
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
  const square = emit.node("ReduceMean", [emit.node("Mul", [x, x]), emit.integers([-1])], { keepdims: { int: 1 } });
  const shifted = emit.node("Add", [square, emit.floats([Number(value.attributes["epsilon"])])]);
  return emit.node("Reciprocal", [emit.node("Sqrt", [shifted])]);
}

/** The kernel that gives both the normalized tensor and the factor that it was scaled by. */
function emitFusedNorm(emit: Emitter, value: Value): readonly string[] {
  return emit.nodes("SimplifiedLayerNormalization", value.inputs.map(emit.of), 2, {
    axis: { int: -1 },
    epsilon: { float: Number(value.attributes["epsilon"]) },
    stash_type: { int: 1 },
  });
}

/** LayerNormalization's result, mean and inverse deviation: one kernel, or on webgpu, which gives the first alone, nodes. */
function emitLayerNorm(emit: Emitter, value: Value): readonly [string, string, string] {
  const inputs = value.inputs.map(emit.of), [x] = inputs as [string], epsilon = Number(value.attributes["epsilon"]);
  const attributes = { axis: { int: -1 }, epsilon: { float: epsilon }, stash_type: { int: 1 } };
  if (emit.provider !== "webgpu") {
    return emit.nodes("LayerNormalization", inputs, 3, attributes) as readonly [string, string, string];
  }
  const mean = (of: string) => emit.node("ReduceMean", [of, emit.integers([-1])], { keepdims: { int: 1 } });
  const middle = mean(x), centred = emit.node("Sub", [x, middle]);
  const variance = mean(emit.node("Mul", [centred, centred]));
  const inverse = emit.node("Reciprocal", [
    emit.node("Sqrt", [emit.node("Add", [variance, emit.floats([epsilon])])]),
  ]);
  const scaled = emit.node("Mul", [emit.node("Mul", [centred, inverse]), inputs[1]!]);
  return [emit.node("Add", [scaled, inputs[2]!]), middle, inverse];
}

/** Of a layer norm's operands the shape of what has one number for each row. */
function inferRowNumber(op: string, inputs: readonly Value[]): Inferred {
  const { shape, dtype } = inferNorm(op, inputs);
  return { shape: [...shape.slice(0, -1), 1], dtype };
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
    onnx: (emit, value) => emit.node("Softmax", [emit.of(operand(value, 0))], { axis: { int: -1 } }),
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
  layerNorm: {
    infer(inputs) {
      const x = inferNorm("layerNorm", inputs);
      inferNorm("layerNorm", [operand({ op: "layerNorm", inputs }, 0), operand({ op: "layerNorm", inputs }, 2)]);
      return x;
    },
    // With n = (x − μ)/σ and c = g·w: dx = (c − mean(c) − n · mean(c·n))/σ, dw = Σ g·n, db = Σ g
    vjp(o, g, value, [needsInput, needsWeight, needsBias]) {
      const [x, weight, bias] = value.inputs as readonly [Value, Value, Value];
      const epsilon = Number(value.attributes["epsilon"]), share = 1 / lastAxisExtent(x);
      const scale = o.inverseDeviation(x, weight, bias, epsilon);
      const normal = o.mul(o.sub(x, o.layerMean(x, weight, bias, epsilon)), scale);
      const scaled = o.mul(g, weight);
      const mean = (of: Value) => o.mul(o.reduceSum(of, [-1], true), share);
      const along = o.add(mean(scaled), o.mul(normal, mean(o.mul(scaled, normal))));
      return [
        needsInput ? o.mul(o.sub(scaled, along), scale) : undefined,
        needsWeight ? o.sumTo(o.mul(g, normal), weight.shape) : undefined,
        needsBias ? o.sumTo(g, bias.shape) : undefined,
      ];
    },
    onnx: (emit, value) => emitLayerNorm(emit, value)[0],
  },
  layerMean: {
    infer: (inputs) => inferRowNumber("layerMean", inputs),
    vjp: notDifferentiable("layerMean"),
    onnx: (emit, value) => emitLayerNorm(emit, value)[1],
  },
  inverseDeviation: {
    infer: (inputs) => inferRowNumber("inverseDeviation", inputs),
    vjp: notDifferentiable("inverseDeviation"),
    onnx: (emit, value) => emitLayerNorm(emit, value)[2],
  },
  topMask: {
    infer(inputs, attributes) {
      const x = requireLastAxis("topMask", inputs), count = Number(attributes["count"]);
      if (count < 1 || count > lastAxisExtent(x)) {
        throw new TypeError(`topMask cannot take ${count} of [${x.shape.join(", ")}]`);
      }
      return x;
    },
    vjp: () => [undefined],
    onnx(emit, value) {
      const x = emit.of(operand(value, 0)), count = Number(value.attributes["count"]);
      const lastAxis = { axis: { int: -1 } };
      const [, places] = emit.nodes("TopK", [x, emit.integers([count])], 2, lastAxis) as readonly [string, string];
      const ones = emit.node("Expand", [emit.floats([1]), emit.extents([...value.shape.slice(0, -1), count])]);
      const zeros = emit.node("Expand", [emit.floats([0]), emit.extents(value.shape)]);
      return emit.node("ScatterElements", [zeros, places, ones], lastAxis);
    },
  },
} satisfies Record<string, OpDefinition>;
