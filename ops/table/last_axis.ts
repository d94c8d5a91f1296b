/** Operations along the last axis. @module */
import type { TensorName } from "../onnx/graph_writer.ts";
import type { Value } from "../program/program.ts";
import { alongTokens, noExtents, operand } from "./definition.ts";
import type { Emitter } from "./emitter.ts";
import { perElement } from "./price.ts";

/** The properties common to all operations along the last axis. */
export const overLastAxis = { extents: noExtents, tokenwise: alongTokens, price: perElement } as const;

/** The first operand, which has a last axis. */
export function requireLastAxis(op: string, inputs: readonly Value[]): Value {
  const x = operand({ op, inputs }, 0);
  if (x.shape.length === 0) throw new TypeError(`${op} needs a last axis but found a number`);
  return x;
}

/** The extent of the last axis, which must be a number. */
export function lastExtent(op: string, x: Value): number {
  const extent = x.shape[x.shape.length - 1];
  if (typeof extent !== "number") throw new TypeError(`${op} needs a last axis of known extent`);
  return extent;
}

/** Writes the softmax over the last axis. */
export function emitSoftmax(emit: Emitter, x: Value): TensorName {
  return emit.node("Softmax", [emit.of(x)], { axis: { int: -1 } });
}

/** Writes the largest element of the last axis, which is kept with extent 1. */
export function emitRowMax(emit: Emitter, x: TensorName): TensorName {
  return emit.node("ReduceMax", [x, emit.integers([-1])], { keepdims: { int: 1 } });
}
