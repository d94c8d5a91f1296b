/** The cost of computing a result, in operations and in memory. @module */
import { type Bindings, type Dimension, elementCount } from "../program/dimension.ts";
import type { Attributes, Value } from "../program/program.ts";

/** The price of one operation. */
export interface Price<Settings extends Attributes = Attributes> {
  /** The floating-point operations that computing a value from its operands takes; a multiply-add counts two. */
  flops(value: Value<string, Settings>): Dimension;
  /** Whether these are operations of matrix products. */
  readonly isProduct: boolean;
  /** The bytes that are needed only while a value is computed. */
  scratchBytes(value: Value<string, Settings>, extents: Bindings): number;
  /**
   * Where a result is held: in its own memory, in its operand's, or, for a function of weights alone, nowhere, since
   * each use widens them again.
   */
  readonly held: "own" | "operand" | "perUse";
}

const plain = { isProduct: false, scratchBytes: () => 0, held: "own" } as const;

/** For operations that move elements or change their type and compute nothing. */
export const moved: Price = { ...plain, flops: () => 0 };

/** One operation per element of the result. */
export const perElement: Price = { ...plain, flops: ({ shape }) => elementCount(shape) };

/** One operation per element of the first operand, which has more elements than the result. */
export const perFoldedElement: Price = { ...plain, flops: ({ inputs }) => elementCount(inputs[0]!.shape) };
