/** The axis that normalizations run along. @module */
import type { Value } from "../program/program.ts";
import { alongTokens, noExtents, operand } from "./definition.ts";
import { perElement } from "./price.ts";

/** What holds of all that is computed along the last axis. */
export const overLastAxis = { extents: noExtents, tokenwise: alongTokens, price: perElement } as const;

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
