/** Operations that move elements and compute nothing. @module */
import { addDimensions, type Dimension, elementCount, subtractDimensions } from "../program/dimension.ts";
import type { Attributes, Value } from "../program/program.ts";
import { broadcast, type OpDefinition, operand } from "./definition.ts";
import type { Emitter } from "./emitter.ts";

const shapeOf = (attributes: Attributes): Dimension[] => [...attributes["shape"] as readonly Dimension[]];

const axisOf = (value: Pick<Value, "attributes">): number => Number(value.attributes["axis"]);
const extentAt = (value: Value, name: string): Dimension => value.attributes[name] as Dimension;

/** Whether an extent is below 0 whatever its symbols stand for; of one with symbols nothing is known. */
const isNegative = (extent: Dimension): boolean => typeof extent === "number" && extent < 0;

function replaceAxis(shape: readonly Dimension[], axis: number, extent: Dimension): Dimension[] {
  return shape.map((dimension, index) => (index === axis ? extent : dimension));
}

function inverse(permutation: readonly number[]): number[] {
  const result = new Array<number>(permutation.length);
  permutation.forEach((axis, index) => result[axis] = index);
  return result;
}

/** All elements of a tensor in one row. */
const flat = (emit: Emitter, value: Value) => emit.node("Reshape", [emit.of(value), emit.integers([-1])]);

/** The rows of the table. */
export const movement = {
  reshape: {
    infer(inputs, attributes) {
      const x = operand({ op: "reshape", inputs }, 0), shape = shapeOf(attributes);
      if (elementCount(x.shape) !== elementCount(shape)) {
        throw new TypeError(`reshape cannot turn [${x.shape.join(", ")}] into [${shape.join(", ")}]`);
      }
      return { shape, dtype: x.dtype };
    },
    vjp: (o, cotangent, value) => [o.reshape(cotangent, operand(value, 0).shape)],
    onnx: (emit, value) => emit.reshape(emit.of(operand(value, 0)), operand(value, 0).shape, value.shape),
  },
  transpose: {
    infer(inputs, attributes) {
      const x = operand({ op: "transpose", inputs }, 0);
      const permutation = attributes["permutation"] as readonly number[];
      if (
        [...permutation].sort((a, b) => a - b).some((axis, index) => axis !== index) ||
        permutation.length !== x.shape.length
      ) {
        throw new TypeError(`transpose cannot reorder [${x.shape.join(", ")}] by (${permutation.join(", ")})`);
      }
      return { shape: permutation.map((axis) => x.shape[axis]!), dtype: x.dtype };
    },
    vjp: (o, cotangent, value) => [
      o.transpose(cotangent, inverse(value.attributes["permutation"] as readonly number[])),
    ],
    onnx: (emit, value) =>
      emit.node("Transpose", [emit.of(operand(value, 0))], {
        perm: { ints: value.attributes["permutation"] as readonly number[] },
      }),
  },
  slice: {
    infer(inputs, attributes) {
      const x = operand({ op: "slice", inputs }, 0), axis = Number(attributes["axis"]);
      const start = attributes["start"] as Dimension, end = attributes["end"] as Dimension;
      const extent = subtractDimensions(end, start);
      if ([start, extent, subtractDimensions(x.shape[axis]!, end)].some(isNegative)) {
        throw new TypeError(`slice cannot take ${start} to ${end} of axis ${axis} of [${x.shape.join(", ")}]`);
      }
      return { shape: replaceAxis(x.shape, axis, extent), dtype: x.dtype };
    },
    vjp(o, cotangent, value) {
      const whole = operand(value, 0).shape[axisOf(value)]!;
      return [
        o.pad(cotangent, axisOf(value), extentAt(value, "start"), subtractDimensions(whole, extentAt(value, "end"))),
      ];
    },
    onnx: (emit, value) =>
      emit.node("Slice", [
        emit.of(operand(value, 0)),
        emit.extents([extentAt(value, "start")]),
        emit.extents([extentAt(value, "end")]),
        emit.integers([axisOf(value)]),
      ]),
  },
  concat: {
    infer(inputs, attributes) {
      const axis = Number(attributes["axis"]), first = operand({ op: "concat", inputs }, 0);
      for (const part of inputs) {
        const fits = part.dtype === first.dtype && part.shape.length === first.shape.length &&
          part.shape.every((dimension, index) => index === axis || dimension === first.shape[index]);
        if (!fits) {
          throw new TypeError(
            `concat cannot join [${first.shape.join(", ")}] and [${part.shape.join(", ")}] at axis ${axis}`,
          );
        }
      }
      const extent = addDimensions(...inputs.map((part) => part.shape[axis]!));
      return { shape: replaceAxis(first.shape, axis, extent), dtype: first.dtype };
    },
    vjp(o, cotangent, value, needed) {
      let start: Dimension = 0;
      return value.inputs.map((part, index) => {
        const from = start;
        start = addDimensions(start, part.shape[axisOf(value)]!);
        return needed[index] ? o.slice(cotangent, axisOf(value), from, start) : undefined;
      });
    },
    onnx: (emit, value) => emit.node("Concat", value.inputs.map(emit.of), { axis: { int: axisOf(value) } }),
  },
  pad: {
    infer(inputs, attributes) {
      const x = operand({ op: "pad", inputs }, 0), axis = Number(attributes["axis"]);
      const before = attributes["before"] as Dimension, after = attributes["after"] as Dimension;
      if ([before, after].some(isNegative)) throw new TypeError(`pad cannot add ${before} before and ${after} after`);
      return { shape: replaceAxis(x.shape, axis, addDimensions(before, x.shape[axis]!, after)), dtype: x.dtype };
    },
    vjp(o, cotangent, value) {
      const before = extentAt(value, "before");
      return [
        o.slice(cotangent, axisOf(value), before, addDimensions(before, operand(value, 0).shape[axisOf(value)]!)),
      ];
    },
    onnx: (emit, value) =>
      emit.node("Pad", [
        emit.of(operand(value, 0)),
        emit.extents([extentAt(value, "before"), extentAt(value, "after")]),
        "",
        emit.integers([axisOf(value)]),
      ]),
  },
  expand: {
    infer(inputs, attributes) {
      const x = operand({ op: "expand", inputs }, 0), shape = shapeOf(attributes);
      const full = broadcast("expand", x.shape, shape);
      if (full.some((dimension, axis) => dimension !== shape[axis])) {
        throw new TypeError(`expand cannot stretch [${x.shape.join(", ")}] to [${shape.join(", ")}]`);
      }
      return { shape, dtype: x.dtype };
    },
    vjp: (o, cotangent, value) => [o.sumTo(cotangent, operand(value, 0).shape)],
    onnx: (emit, value) => emit.node("Expand", [emit.of(operand(value, 0)), emit.extents(value.shape)]),
  },
  barrier: {
    infer(inputs) {
      const { shape, dtype } = operand({ op: "barrier", inputs }, 0);
      if (inputs.some((each) => each.dtype !== dtype)) throw new TypeError("barrier cannot wait for another type");
      return { shape, dtype };
    },
    vjp: (_, cotangent) => [cotangent],
    // No runtime sees through a join with none of the elements of what has to be there before.
    onnx(emit, value) {
      const [x, ...before] = value.inputs as [Value, ...Value[]], [none, axis] = [emit.integers([0]), { int: 0 }];
      const waited = before.map((each) => emit.node("Slice", [flat(emit, each), none, none, none]));
      const joined = emit.node("Concat", [flat(emit, x), ...waited], { axis });
      return emit.node("Reshape", [joined, emit.extents(value.shape)], { allowzero: { int: 1 } });
    },
  },
} satisfies Record<string, OpDefinition>;
