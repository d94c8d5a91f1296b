/**
 * The table of operations. A row holds an operation's shape rule, gradient rule and emission rule, so that none can be
 * forgotten: an incomplete row does not compile.
 *
 * @module
 */
import type { OpDefinition } from "./definition.ts";
import { attending } from "./attend.ts";
import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import { linalg } from "./linalg.ts";
import { movement } from "./movement.ts";
import { quantization } from "./quantization.ts";
import { reductions } from "./reduction.ts";
import { rotaryEmbedding } from "./rotary.ts";

/** Every operation by name. */
export const table = {
  ...elementwise,
  ...reductions,
  ...linalg,
  ...movement,
  ...indexing,
  ...rotaryEmbedding,
  ...quantization,
  ...attending,
} satisfies Record<string, OpDefinition>;

/** The name of an operation. */
export type OpName = keyof typeof table;

/** The row of an operation. */
export function definitionOf(op: OpName): OpDefinition {
  return table[op];
}

/** Whether a name is that of an operation (a leaf's is not). */
export function isOpName(name: string): name is OpName {
  return Object.hasOwn(table, name);
}
