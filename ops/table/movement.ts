/** Operations that move elements and compute nothing. @module */
import { addDimensions, type Dimension, elementCount, type Shape, subtractDimensions } from "../program/dimension.ts";
import type { Value } from "../program/program.ts";
import { acrossTokens, broadcast, type Definitions, type NoAttributes, noExtents, operand } from "./definition.ts";
import type { Emitter } from "./emitter.ts";
import { moved } from "./price.ts";

/** Whether an extent is known to be negative; nothing is known about one with symbols. */
const isNegative = (extent: Dimension): boolean => typeof extent === "number" && extent < 0;

function replaceAxis(shape: readonly Dimension[], axis: number, extent: Dimension): Dimension[] {
  return shape.map((dimension, index) => (index === axis ? extent : dimension));
}

function inverse(permutation: readonly number[]): number[] {
  const result = new Array<number>(permutation.length);
  permutation.forEach((axis, index) => result[axis] = index);
  return result;
}

/** All elements of a tensor along one axis. */
const flat = (emit: Emitter, value: Value) => emit.node("Reshape", [emit.of(value), emit.integers([-1])]);

const moving = { tokenwise: acrossTokens, price: moved } as const;

type Shaped = { readonly shape: Shape };

/** The attributes of operations that move elements. */
export interface MovementAttributes {
  readonly reshape: Shaped;
  readonly transpose: { readonly permutation: readonly number[] };
  readonly slice: { readonly axis: number; readonly start: Dimension; readonly end: Dimension };
  readonly concat: { readonly axis: number };
  readonly pad: { readonly axis: number; readonly before: Dimension; readonly after: Dimension };
  readonly expand: Shaped;
  readonly barrier: NoAttributes;
}

/** The rows of the table. */
export const movement: Definitions<MovementAttributes> = {
  reshape: {
    infer(inputs, { shape }) {
      const x = operand({ op: "reshape", inputs }, 0);
      if (elementCount(x.shape) !== elementCount(shape)) {
        throw new TypeError(`reshape cannot turn [${x.shape.join(", ")}] into [${shape.join(", ")}]`);
      }
      return { shape, dtype: x.dtype };
    },
    vjp: (o, cotangent, value) => [o.reshape(cotangent, operand(value, 0).shape)],
    onnx: (emit, value) => emit.reshape(emit.of(operand(value, 0)), operand(value, 0).shape, value.shape),
    extents: ({ shape }) => shape,
    tokenwise: acrossTokens,
    price: { ...moved, held: "operand" },
  },
  transpose: {
    ...moving,
    infer(inputs, { permutation }) {
      const x = operand({ op: "transpose", inputs }, 0);
      if (
        [...permutation].sort((a, b) => a - b).some((axis, index) => axis !== index) ||
        permutation.length !== x.shape.length
      ) {
        throw new TypeError(`transpose cannot reorder [${x.shape.join(", ")}] by (${permutation.join(", ")})`);
      }
      return { shape: permutation.map((axis) => x.shape[axis]!), dtype: x.dtype };
    },
    vjp: (o, cotangent, { attributes }) => [o.transpose(cotangent, inverse(attributes.permutation))],
    onnx: (emit, value) =>
      emit.node("Transpose", [emit.of(operand(value, 0))], { perm: { ints: value.attributes.permutation } }),
    extents: noExtents,
  },
  slice: {
    ...moving,
    infer(inputs, { axis, start, end }) {
      const x = operand({ op: "slice", inputs }, 0), extent = subtractDimensions(end, start);
      if ([start, extent, subtractDimensions(x.shape[axis]!, end)].some(isNegative)) {
        throw new TypeError(`slice cannot take ${start} to ${end} of axis ${axis} of [${x.shape.join(", ")}]`);
      }
      return { shape: replaceAxis(x.shape, axis, extent), dtype: x.dtype };
    },
    vjp(o, cotangent, value) {
      const { axis, start, end } = value.attributes, whole = operand(value, 0).shape[axis]!;
      return [o.pad(cotangent, axis, start, subtractDimensions(whole, end))];
    },
    onnx(emit, value) {
      const { axis, start, end } = value.attributes;
      const x = emit.of(operand(value, 0));
      return emit.node("Slice", [x, emit.extent(start), emit.extent(end), emit.integers([axis])]);
    },
    extents: ({ start, end }) => [start, end],
  },
  concat: {
    ...moving,
    infer(inputs, { axis }) {
      const first = operand({ op: "concat", inputs }, 0);
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
    vjp(o, cotangent, { inputs, attributes: { axis } }, needed) {
      let start: Dimension = 0;
      return inputs.map((part, index) => {
        const from = start;
        start = addDimensions(start, part.shape[axis]!);
        return needed[index] ? o.slice(cotangent, axis, from, start) : undefined;
      });
    },
    onnx: (emit, { inputs, attributes: { axis } }) => emit.node("Concat", inputs.map(emit.of), { axis: { int: axis } }),
    extents: noExtents,
  },
  pad: {
    ...moving,
    infer(inputs, { axis, before, after }) {
      const x = operand({ op: "pad", inputs }, 0);
      if ([before, after].some(isNegative)) throw new TypeError(`pad cannot add ${before} before and ${after} after`);
      return { shape: replaceAxis(x.shape, axis, addDimensions(before, x.shape[axis]!, after)), dtype: x.dtype };
    },
    vjp(o, cotangent, value) {
      const { axis, before } = value.attributes;
      return [o.slice(cotangent, axis, before, addDimensions(before, operand(value, 0).shape[axis]!))];
    },
    onnx(emit, value) {
      const { axis, before, after } = value.attributes;
      return emit.node("Pad", [emit.of(operand(value, 0)), emit.extents([before, after]), "", emit.integers([axis])]);
    },
    extents: ({ before, after }) => [before, after],
  },
  expand: {
    ...moving,
    infer(inputs, { shape }) {
      const x = operand({ op: "expand", inputs }, 0), full = broadcast("expand", x.shape, shape);
      if (full.some((dimension, axis) => dimension !== shape[axis])) {
        throw new TypeError(`expand cannot stretch [${x.shape.join(", ")}] to [${shape.join(", ")}]`);
      }
      return { shape, dtype: x.dtype };
    },
    vjp: (o, cotangent, value) => [o.sumTo(cotangent, operand(value, 0).shape)],
    onnx: (emit, value) => emit.node("Expand", [emit.of(operand(value, 0)), emit.extents(value.shape)]),
    extents: ({ shape }) => shape,
  },
  barrier: {
    ...moving,
    infer(inputs) {
      const { shape, dtype } = operand({ op: "barrier", inputs }, 0);
      if (inputs.some((each) => each.dtype !== dtype)) throw new TypeError("barrier needs operands of one type");
      return { shape, dtype };
    },
    vjp: (_, cotangent) => [cotangent],
    // No runtime optimizes away a concatenation with zero elements of the values that must come first.
    onnx(emit, value) {
      const x = operand(value, 0), none = emit.integers([0]);
      const waited = value.inputs.slice(1).map((each) => emit.node("Slice", [flat(emit, each), none, none, none]));
      const joined = emit.node("Concat", [flat(emit, x), ...waited], { axis: { int: 0 } });
      return emit.node("Reshape", [joined, emit.extents(value.shape)], { allowzero: { int: 1 } });
    },
    extents: noExtents,
  },
};
