/** Rotary position embedding. @module */
import type { Value } from "../program.ts";
import { sameShape } from "../dimension.ts";
import { type OpDefinition, operand } from "./definition.ts";

function headWidth(x: Value, heads: number): number {
  const width = x.shape[2];
  if (x.shape.length !== 3 || typeof width !== "number" || width % (2 * heads) !== 0) {
    throw new TypeError(
      `rotary needs [batch, tokens, heads × even width] but found [${x.shape.join(", ")}], ${heads} heads`,
    );
  }
  return width / heads;
}

/** The rows of the table. */
export const rotaryEmbedding = {
  rotary: {
    infer(inputs, attributes) {
      const x = operand({ op: "rotary", inputs }, 0);
      const half = headWidth(x, Number(attributes["heads"])) / 2;
      for (const table of inputs.slice(1)) {
        if (!sameShape(table.shape, [...x.shape.slice(0, 2), half])) {
          throw new TypeError(`rotary needs angles [batch, tokens, ${half}] but found [${table.shape.join(", ")}]`);
        }
      }
      return x;
    },
    // A rotation's transpose is the rotation by the opposite angle.
    vjp(o, cotangent, value, [, needsCosines, needsSines]) {
      if (needsCosines || needsSines) throw new TypeError("rotary has no gradient toward its angles");
      const cosines = operand(value, 1), sines = operand(value, 2);
      return [o.rotary(cotangent, cosines, o.neg(sines), Number(value.attributes["heads"])), undefined, undefined];
    },
    onnx(emit, value) {
      const heads = Number(value.attributes["heads"]), x = operand(value, 0);
      if (emit.provider !== "webgpu") {
        return emit.node("RotaryEmbedding", value.inputs.map(emit.of), {
          attributes: { num_heads: { int: heads }, interleaved: { int: 0 } },
        });
      }
      const width = headWidth(x, heads);
      const [batch, tokens, whole] = x.shape;
      const split = [batch!, tokens!, heads, width];
      const byHead = emit.reshape(emit.of(x), x.shape, split);
      const [left, right] = emit.nodes("Split", [byHead], 2, {
        attributes: { axis: { int: 3 }, num_outputs: { int: 2 } },
      }) as [string, string];
      const perHead = (index: number) => emit.node("Unsqueeze", [emit.of(operand(value, index)), emit.integers([2])]);
      const [cosines, sines] = [perHead(1), perHead(2)];
      const times = (a: string, b: string) => emit.node("Mul", [a, b]);
      const rotated = emit.node("Concat", [
        emit.node("Sub", [times(left, cosines), times(right, sines)]),
        emit.node("Add", [times(right, cosines), times(left, sines)]),
      ], { attributes: { axis: { int: 3 } } });
      return emit.reshape(rotated, split, [batch!, tokens!, whole!]);
    },
  },
} satisfies Record<string, OpDefinition>;
