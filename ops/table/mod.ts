/**
 * The table of operations. A row holds everything that the passes need to know about an operation, so that nothing can
 * be forgotten: an incomplete row does not compile.
 *
 * @module
 */
import type { Value } from "../program/program.ts";
import { attending, type AttendingAttributes } from "./attend.ts";
import type { Definitions, NoAttributes, OpDefinition } from "./definition.ts";
import { elementwise, type ElementwiseAttributes } from "./elementwise.ts";
import { indexing, type IndexingAttributes } from "./indexing.ts";
import { linalg, type LinalgAttributes } from "./linalg.ts";
import { movement, type MovementAttributes } from "./movement.ts";
import { normalization, type NormalizationAttributes } from "./normalization.ts";
import { quantization, type QuantizationAttributes } from "./quantization.ts";
import { type ReductionAttributes, reductions } from "./reduction.ts";
import { type RotaryAttributes, rotaryEmbedding } from "./rotary.ts";

/** The attributes of every operation by name. */
export type OpAttributes =
  & ElementwiseAttributes
  & ReductionAttributes
  & NormalizationAttributes
  & LinalgAttributes
  & MovementAttributes
  & IndexingAttributes
  & RotaryAttributes
  & QuantizationAttributes
  & AttendingAttributes;

/** The name of an operation. */
export type OpName = keyof OpAttributes;

/** The name of an operation without attributes. */
export type PlainOpName = { [Op in OpName]: OpAttributes[Op] extends NoAttributes ? Op : never }[OpName];

/** A value computed by an operation, discriminated by its `op`. */
export type OpValue<Op extends OpName = OpName> = { [Each in Op]: Value<Each, OpAttributes[Each]> }[Op];

/** Every operation by name. */
export const table: Definitions<OpAttributes> = {
  ...elementwise,
  ...reductions,
  ...normalization,
  ...linalg,
  ...movement,
  ...indexing,
  ...rotaryEmbedding,
  ...quantization,
  ...attending,
};

/** The row of an operation. */
export function definitionOf<Op extends OpName>(op: Op): OpDefinition<OpAttributes[Op]> {
  return table[op];
}

/** Whether a value is computed by an operation, that is, not a leaf. */
export function isOperation(value: Value): value is OpValue {
  return Object.hasOwn(table, value.op);
}

/** Whether a value is computed by the named operation. */
export function isOp<Op extends OpName>(value: Value, op: Op): value is OpValue<Op> {
  return value.op === op;
}
