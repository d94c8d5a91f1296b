/** Rotary position embedding. @module */
import type { TensorName } from "../onnx/graph_writer.ts";
import { unsqueeze } from "../onnx/nodes.ts";
import { sameShape, type Shape } from "../program/dimension.ts";
import type { Value } from "../program/program.ts";
import { acrossTokens, type Definitions, noExtents, operand } from "./definition.ts";
import type { Emitter } from "./emitter.ts";
import { perElement } from "./price.ts";

/** How a rotation pairs the elements of a head, and how many of them it rotates; the rest is unchanged. */
type Settings = {
  readonly heads: number;
  readonly turned: number;
  readonly interleaved: boolean;
};

/** The attributes of rotations. */
export interface RotaryAttributes {
  readonly rotary: Settings;
}

function headWidth(x: Value, { heads, turned }: Settings): number {
  const width = x.shape[2];
  if (
    x.shape.length !== 3 || typeof width !== "number" || width % heads !== 0 || turned % 2 !== 0 ||
    turned > width / heads
  ) {
    throw new TypeError(
      `rotary needs [batch, tokens, heads × width] but found [${
        x.shape.join(", ")
      }], ${heads} heads of which ${turned} elements turn`,
    );
  }
  return width / heads;
}

/**
 * The first and second elements of the pairs of a tensor [batch, tokens, heads, turned], and how to join them again.
 */
function emitPairs(emit: Emitter, x: TensorName, { turned, interleaved, heads }: Settings, [batch, tokens]: Shape) {
  const pairs = [batch!, tokens!, heads, ...(interleaved ? [turned / 2, 2] : [2, turned / 2])];
  const axis = interleaved ? 4 : 3, flat = [batch!, tokens!, heads, turned];
  const [left, right] = emit.nodes("Split", [emit.reshape(x, flat, pairs)], 2, {
    axis: { int: axis },
    num_outputs: { int: 2 },
  });
  const join = (a: TensorName, b: TensorName) => {
    return emit.reshape(emit.node("Concat", [a, b], { axis: { int: axis } }), pairs, flat);
  };
  return { left: left!, right: right!, join, anglesAt: interleaved ? [2, 4] : [2, 3] };
}

/** The rows of the table. */
export const rotaryEmbedding: Definitions<RotaryAttributes> = {
  rotary: {
    infer(inputs, settings) {
      const x = operand({ op: "rotary", inputs }, 0);
      headWidth(x, settings);
      const half = settings.turned / 2;
      for (const table of inputs.slice(1)) {
        if (!sameShape(table.shape, [...x.shape.slice(0, 2), half])) {
          throw new TypeError(`rotary needs angles [batch, tokens, ${half}] but found [${table.shape.join(", ")}]`);
        }
      }
      return x;
    },
    // A rotation's transpose is the rotation by the opposite angle; elements that are not rotated pass unchanged.
    vjp(o, cotangent, value, [, needsCosines, needsSines]) {
      if (needsCosines || needsSines) throw new TypeError("rotary has no gradient toward its angles");
      const cosines = operand(value, 1), sines = operand(value, 2), { heads, interleaved } = value.attributes;
      return [o.rotary(cotangent, cosines, o.neg(sines), heads, interleaved), undefined, undefined];
    },
    onnx(emit, value) {
      const settings = value.attributes, { heads, turned, interleaved } = settings, x = operand(value, 0);
      const width = headWidth(x, settings);
      if (emit.kernels.rotaryEmbedding) {
        return emit.node("RotaryEmbedding", value.inputs.map(emit.of), {
          num_heads: { int: heads },
          interleaved: { int: interleaved ? 1 : 0 },
          ...(turned === width ? {} : { rotary_embedding_dim: { int: turned } }),
        });
      }
      const [batch, tokens, whole] = x.shape, byHead = [batch!, tokens!, heads, width];
      const split = emit.reshape(emit.of(x), x.shape, byHead);
      const part = (from: number, to: number) =>
        emit.node("Slice", [split, emit.integers([from]), emit.integers([to]), emit.integers([3])]);
      const { left, right, join, anglesAt } = emitPairs(
        emit,
        turned === width ? split : part(0, turned),
        settings,
        x.shape,
      );
      const perHead = (index: number) => unsqueeze(emit, emit.of(operand(value, index)), anglesAt);
      const [cosines, sines] = [perHead(1), perHead(2)];
      const times = (a: TensorName, b: TensorName) => emit.node("Mul", [a, b]);
      const rotated = join(
        emit.node("Sub", [times(left, cosines), times(right, sines)]),
        emit.node("Add", [times(right, cosines), times(left, sines)]),
      );
      const all = turned === width
        ? rotated
        : emit.node("Concat", [rotated, part(turned, width)], { axis: { int: 3 } });
      return emit.reshape(all, byHead, [batch!, tokens!, whole!]);
    },
    extents: noExtents,
    tokenwise: acrossTokens,
    price: perElement,
  },
};
