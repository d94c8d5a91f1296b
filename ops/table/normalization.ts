/** Normalizations over the last axis, and the row statistics that their gradients read. @module */
import type { TensorName } from "../onnx/graph_writer.ts";
import { sameShape } from "../program/dimension.ts";
import type { Value } from "../program/program.ts";
import { type Definitions, type Inferred, notDifferentiable, type OpDefinition, operand } from "./definition.ts";
import type { Emitter } from "./emitter.ts";
import { lastExtent, overLastAxis, requireLastAxis } from "./last_axis.ts";
import { perFoldedElement } from "./price.ts";

type Settings = { readonly epsilon: number };
type NormValue = Value<string, Settings>;

/** A norm's result is like its first operand; its weight has one element for each element of the last axis. */
function inferNorm(op: string, inputs: readonly Value[]): Inferred {
  const x = requireLastAxis(op, inputs), weight = operand({ op, inputs }, 1);
  if (!sameShape(weight.shape, x.shape.slice(-1)) || weight.dtype !== x.dtype) {
    throw new TypeError(
      `${op} of ${x.dtype}[${x.shape.join(", ")}] cannot have the weight ${weight.dtype}[${weight.shape.join(", ")}]`,
    );
  }
  return x;
}

const meanOver = (emit: Emitter, x: TensorName) =>
  emit.node("ReduceMean", [x, emit.integers([-1])], { keepdims: { int: 1 } });

function emitInverseRoot(emit: Emitter, square: TensorName, epsilon: number): TensorName {
  return emit.node("Reciprocal", [emit.node("Sqrt", [emit.node("Add", [square, emit.floats([epsilon])])])]);
}

function emitInverseRms(emit: Emitter, value: NormValue): TensorName {
  const x = emit.of(operand(value, 0));
  return emitInverseRoot(emit, meanOver(emit, emit.node("Mul", [x, x])), value.attributes.epsilon);
}

const fusedAttributes = ({ attributes: { epsilon } }: NormValue) => ({
  axis: { int: -1 },
  epsilon: { float: epsilon },
  stash_type: { int: 1 },
});

/** The kernel that outputs both the normalized tensor and the factor that it was scaled by. */
function emitFusedRmsNorm(emit: Emitter, value: NormValue): readonly TensorName[] {
  return emit.nodes("SimplifiedLayerNormalization", value.inputs.map(emit.of), 2, fusedAttributes(value));
}

/**
 * LayerNormalization's result, mean and inverse deviation: from one kernel, or from nodes if it outputs only the first.
 */
function emitLayerNorm(emit: Emitter, value: NormValue): readonly TensorName[] {
  const inputs = value.inputs.map(emit.of);
  if (emit.kernels.layerNormStatistics) {
    return emit.nodes("LayerNormalization", inputs, 3, fusedAttributes(value));
  }
  const [x, weight, bias] = inputs, middle = meanOver(emit, x!), centred = emit.node("Sub", [x!, middle]);
  const variance = meanOver(emit, emit.node("Mul", [centred, centred]));
  const inverse = emitInverseRoot(emit, variance, value.attributes.epsilon);
  const scaled = emit.node("Mul", [emit.node("Mul", [centred, inverse]), weight!]);
  return [emit.node("Add", [scaled, bias!]), middle, inverse];
}

/** A norm's statistic: one number for each row, from the same operands. */
function rowStatistic(op: string, onnx: OpDefinition<Settings>["onnx"]): OpDefinition<Settings> {
  return {
    ...overLastAxis,
    price: perFoldedElement,
    infer(inputs) {
      const { shape, dtype } = inferNorm(op, inputs);
      return { shape: [...shape.slice(0, -1), 1], dtype };
    },
    vjp: notDifferentiable(op),
    onnx,
  };
}

/** The attributes of normalizations. */
export interface NormalizationAttributes {
  readonly rmsNorm: Settings;
  readonly inverseRms: Settings;
  readonly layerNorm: Settings;
  readonly layerMean: Settings;
  readonly inverseDeviation: Settings;
}

/** The rows of the table. */
export const normalization: Definitions<NormalizationAttributes> = {
  rmsNorm: {
    ...overLastAxis,
    infer: (inputs) => inferNorm("rmsNorm", inputs),
    // With s = 1/rms and c = g·w: dx = s·c − x · s³·mean(c·x), dw = Σ g·x·s
    vjp(o, g, value, [needsInput, needsWeight]) {
      const x = operand(value, 0), weight = operand(value, 1);
      const scale = o.inverseRms(x, weight, value.attributes.epsilon);
      const scaled = o.mul(g, weight);
      const along = o.reduceSum(o.mul(scaled, x), [-1], true);
      const pull = o.mul(o.mul(o.mul(scale, scale), o.mul(scale, along)), 1 / lastExtent("rmsNorm", x));
      return [
        needsInput ? o.sub(o.mul(scaled, scale), o.mul(x, pull)) : undefined,
        needsWeight ? o.sumTo(o.mul(g, o.mul(x, scale)), weight.shape) : undefined,
      ];
    },
    onnx(emit, value) {
      if (emit.kernels.rmsNorm) return emitFusedRmsNorm(emit, value)[0]!;
      const normalized = emit.node("Mul", [emit.of(operand(value, 0)), emitInverseRms(emit, value)]);
      return emit.node("Mul", [normalized, emit.of(operand(value, 1))]);
    },
  },
  inverseRms: rowStatistic("inverseRms", (emit, value) => {
    return emit.kernels.rmsNorm ? emitFusedRmsNorm(emit, value)[1]! : emitInverseRms(emit, value);
  }),
  layerNorm: {
    ...overLastAxis,
    infer(inputs) {
      const x = inferNorm("layerNorm", inputs);
      inferNorm("layerNorm", [operand({ op: "layerNorm", inputs }, 0), operand({ op: "layerNorm", inputs }, 2)]);
      return x;
    },
    // With n = (x − μ)/σ and c = g·w: dx = (c − mean(c) − n · mean(c·n))/σ, dw = Σ g·n, db = Σ g
    vjp(o, g, value, [needsInput, needsWeight, needsBias]) {
      const x = operand(value, 0), weight = operand(value, 1), bias = operand(value, 2);
      const { epsilon } = value.attributes, share = 1 / lastExtent("layerNorm", x);
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
    onnx: (emit, value) => emitLayerNorm(emit, value)[0]!,
  },
  layerMean: rowStatistic("layerMean", (emit, value) => emitLayerNorm(emit, value)[1]!),
  inverseDeviation: rowStatistic("inverseDeviation", (emit, value) => emitLayerNorm(emit, value)[2]!),
};
