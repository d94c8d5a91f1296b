/** What a result takes to compute, in operations and in memory. @module */
import { type Bindings, type Dimension, elementCount } from "../program/dimension.ts";
import type { Attributes, Value } from "../program/program.ts";

/** The price of one operation. */
export interface Price<Settings extends Attributes = Attributes> {
  /** The floating-point operations of computing a value from its operands; a multiply-add counts two. */
  flops(value: Value<string, Settings>): Dimension;
  /** Whether they are those of matrix products. */
  readonly isProduct: boolean;
  /** What is in memory only while a value is computed, in bytes. */
  scratchBytes(value: Value<string, Settings>, extents: Bindings): number;
  /**
   * Where a result is held: in memory of its own, in its operand's, or, if of weights alone, nowhere, since each use
   * widens them anew.
   */
  readonly held: "own" | "operand" | "perUse";
}

const plain = { isProduct: false, scratchBytes: () => 0, held: "own" } as const;

/** Elements are moved or their type is changed, and nothing is computed. */
export const moved: Price = { ...plain, flops: () => 0 };

/** One operation an element of the result. */
export const perElement: Price = { ...plain, flops: ({ shape }) => elementCount(shape) };

/** One operation an element of the first operand, which has more than the result. */
export const perFoldedElement: Price = { ...plain, flops: ({ inputs }) => elementCount(inputs[0]!.shape) };
