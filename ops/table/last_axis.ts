/** The axis that normalizations run along. @module */
import type { Value } from "../program/program.ts";
import { operand } from "./definition.ts";

/** The first operand, which has a last axis. */
export function requireLastAxis(op: string, inputs: readonly Value[]): Value {
  const x = operand({ op, inputs }, 0);
  if (x.shape.length === 0) throw new TypeError(`${op} needs a last axis but found a number`);
  return x;
}

/** The extent of the last axis, which has to be known. */
export function lastExtent(op: string, x: Value): number {
  const extent = x.shape[x.shape.length - 1];
  if (typeof extent !== "number") throw new TypeError(`${op} needs a last axis of known extent`);
  return extent;
}
