/** Operations that gather and scatter by index. @module */
import type { TensorName } from "../onnx/graph_writer.ts";
import { cast, unsqueeze } from "../onnx/nodes.ts";
import { type Dimension, elementCount } from "../program/dimension.ts";
import type { Value } from "../program/program.ts";
import {
  acrossTokens,
  type Definitions,
  type NoAttributes,
  noExtents,
  notDifferentiable,
  operand,
} from "./definition.ts";
import type { Emitter } from "./emitter.ts";
import { emitRowMax, emitSoftmax } from "./last_axis.ts";
import { emitQuantizedRows } from "./quantization.ts";
import { moved, perElement, perFoldedElement } from "./price.ts";

function requireIndices(op: string, indices: Value, rank: number): void {
  if (indices.dtype !== "int64" || indices.shape.length !== rank) {
    throw new TypeError(
      `${op} needs int64 indices of ${rank} axes but found ${indices.dtype}[${indices.shape.join(", ")}]`,
    );
  }
}

function requireLabels(op: string, inputs: readonly Value[]): { logits: Value; labels: Value } {
  const logits = operand({ op, inputs }, 0), labels = operand({ op, inputs }, 1);
  requireIndices(op, labels, 2);
  if (logits.shape.length !== 2 || labels.shape[0] !== logits.shape[0] || labels.shape[1] !== 1) {
    throw new TypeError(
      `${op} needs logits [n, classes] and labels [n, 1] but found [${logits.shape.join(", ")}] and [${
        labels.shape.join(", ")
      }]`,
    );
  }
  return { logits, labels };
}

const alongColumns = { axis: { int: 1 } };

/** Indices [n] as a column. Indices fed as [n, 1] need no integer node, which WebGPU lacks. */
function emitColumn(emit: Emitter, indices: Value): TensorName {
  if (indices.shape.length === 2) return emit.of(indices);
  return unsqueeze(emit, emit.of(indices), [1]);
}

/** The row that each element of the updates goes to, given a column of rows. */
function emitRowPlaces(emit: Emitter, column: TensorName, { shape }: Value): TensorName {
  if (shape.length === 1) return emit.reshape(column, [...shape, 1], shape);
  const trailing = shape.map((_, axis) => axis).slice(2);
  const spread = trailing.length === 0 ? column : unsqueeze(emit, column, trailing);
  return emit.node("Expand", [spread, emit.extents(shape)]);
}

/** The attributes of operations that index. */
export interface IndexingAttributes {
  readonly gatherRows: NoAttributes;
  readonly scatterRows: { readonly rows: Dimension; readonly distinct: boolean };
  readonly crossEntropy: NoAttributes;
  readonly crossEntropyGradient: NoAttributes;
}

/** The rows of the table. */
export const indexing: Definitions<IndexingAttributes> = {
  gatherRows: {
    infer(inputs) {
      const x = operand({ op: "gatherRows", inputs }, 0), indices = operand({ op: "gatherRows", inputs }, 1);
      requireIndices("gatherRows", indices, indices.shape.length);
      if (x.shape.length === 0) throw new TypeError("gatherRows needs rows but found a number");
      return { shape: [...indices.shape, ...x.shape.slice(1)], dtype: x.dtype };
    },
    vjp(o, cotangent, value) {
      const x = operand(value, 0), indices = operand(value, 1);
      const rows = elementCount(indices.shape), isColumn = indices.shape.length === 2 && indices.shape[1] === 1;
      const updates = o.reshape(cotangent, [rows, ...x.shape.slice(1)]);
      return [o.scatterRows(updates, isColumn ? indices : o.reshape(indices, [rows]), x.shape[0]!, false), undefined];
    },
    onnx(emit, value) {
      const x = operand(value, 0), indices = emit.of(operand(value, 1));
      const gather = (rows: TensorName) => emit.node("Gather", [rows, indices], { axis: { int: 0 } });
      const expanded = emitQuantizedRows(emit, x, indices);
      if (expanded !== undefined) return expanded;
      // Only the rows that are read from a 16-bit table are widened.
      return x.op === "cast" ? cast(emit, gather(emit.of(operand(x, 0))), x.dtype) : gather(emit.of(x));
    },
    extents: noExtents,
    tokenwise: acrossTokens,
    price: moved,
  },
  scatterRows: {
    infer(inputs, { rows }) {
      const updates = operand({ op: "scatterRows", inputs }, 0), indices = operand({ op: "scatterRows", inputs }, 1);
      requireIndices("scatterRows", indices, indices.shape.length === 2 ? 2 : 1);
      if (updates.shape[0] !== indices.shape[0] || (indices.shape[1] ?? 1) !== 1) {
        throw new TypeError(`scatterRows cannot place [${updates.shape.join(", ")}] at [${indices.shape.join(", ")}]`);
      }
      return { shape: [rows, ...updates.shape.slice(1)], dtype: updates.dtype };
    },
    vjp(o, cotangent, value) {
      return [o.reshape(o.gatherRows(cotangent, operand(value, 1)), operand(value, 0).shape), undefined];
    },
    onnx(emit, value) {
      const updates = emit.of(operand(value, 0)), column = emitColumn(emit, operand(value, 1));
      const zeros = emit.node("Expand", [emit.floats([0]), emit.extents(value.shape)]);
      if (value.attributes.distinct) return emit.node("ScatterND", [zeros, column, updates]);
      const reduction = { reduction: { text: "add" } };
      if (emit.kernels.scatterAdd) return emit.node("ScatterND", [zeros, column, updates], reduction);
      // Other providers' ScatterND has threads that overwrite each other's updates of the same row; ScatterElements has
      // one thread.
      const places = emitRowPlaces(emit, column, operand(value, 0));
      return emit.node("ScatterElements", [zeros, places, updates], { axis: { int: 0 }, ...reduction });
    },
    extents: ({ rows }) => [rows],
    tokenwise: acrossTokens,
    price: perElement,
  },
  // log Σ eˣ = max x − log max softmax(x): the largest probability is at least 1/classes, so its logarithm is safe,
  // and the softmax is the one that the gradient uses.
  crossEntropy: {
    infer(inputs) {
      const { logits, labels } = requireLabels("crossEntropy", inputs);
      return { shape: labels.shape, dtype: logits.dtype };
    },
    vjp: (o, cotangent, value) => [
      o.mul(cotangent, o.crossEntropyGradient(operand(value, 0), operand(value, 1))),
      undefined,
    ],
    onnx(emit, value) {
      const logits = operand(value, 0), x = emit.of(logits);
      const peak = emit.node("Log", [emitRowMax(emit, emitSoftmax(emit, logits))]);
      const chosen = emit.node("GatherElements", [x, emit.of(operand(value, 1))], alongColumns);
      // Subtract the logits first: their difference is exact if the loss is small, however large they are.
      return emit.node("Sub", [emit.node("Sub", [emitRowMax(emit, x), chosen]), peak]);
    },
    extents: noExtents,
    tokenwise: acrossTokens,
    price: perFoldedElement,
  },
  crossEntropyGradient: {
    infer: (inputs) => requireLabels("crossEntropyGradient", inputs).logits,
    vjp: notDifferentiable("crossEntropyGradient"),
    onnx(emit, value) {
      const probabilities = emitSoftmax(emit, operand(value, 0)), labels = emit.of(operand(value, 1));
      const chosen = emit.node("GatherElements", [probabilities, labels], alongColumns);
      const reduced = emit.node("Sub", [chosen, emit.floats([1])]);
      return emit.node("ScatterElements", [probabilities, labels, reduced], alongColumns);
    },
    extents: noExtents,
    tokenwise: acrossTokens,
    price: perElement,
  },
};
