/**
 * Cutting a program at its frozen frontier: values that only the example determines are computed once by an encode
 * program and fed to the rest.
 *
 * @module
 */
import { bytesOf, flopsOf } from "../../../ops/passes/cost.ts";
import { type Bindings, evaluateDimension, isSymbol } from "../../../ops/program/dimension.ts";
import { valueDigest } from "../../../ops/program/digest.ts";
import { frontier } from "../../../ops/passes/frontier.ts";
import {
  dependants,
  input,
  isLeaf,
  leafName,
  leavesOf,
  type Program,
  type Value,
  valuesOf,
} from "../../../ops/program/program.ts";
import { substitute } from "../../../ops/passes/rewrite.ts";
import { isExampleInput, isSharedInput } from "../rows/segment_inputs.ts";

/**
 * A value that is computed once for each example, [batch, …] with every further extent a number or a single symbol, or
 * once for all examples, [1, …].
 */
export interface KeptValue {
  /** The name of the tensor that feeds it, the same in every program that reads it. */
  readonly name: string;
  readonly value: Value;
}

/** A program that reads kept values instead of computing them. */
export interface CutProgram {
  readonly program: Program;
  readonly kept: readonly KeptValue[];
  /** Frozen values that are cheaper to recompute than to keep. */
  readonly recomputed: number;
  /** The assumed price of a kept byte, as a multiple of the usual price. */
  readonly bytePrice: number;
}

/** How to cut. */
interface CutOptions {
  /** Whether a fed tensor is the same in every run; by default, whether it comes from the example. */
  readonly isFixed?: (leaf: Value) => boolean;
  /** The price of a kept byte as a multiple of the usual price; `Infinity` keeps nothing. */
  readonly bytePrice?: number;
}

// Rates that are only used to compare choices: a core's arithmetic, its memory, and reading a cached tensor from the
// store into a padded batch.
const flopsPerSecond = 1e11;
const bytesPerSecond = 1e10;
const cachedBytesPerSecond = 2e9;

/**
 * The program cut where the total cost of keeping and recomputing is lowest.
 *
 * @param typical The extents of a typical example, `batch` 1.
 */
export function cut(
  program: Program,
  typical: Bindings,
  { isFixed = isExampleInput, bytePrice = 1 }: CutOptions = {},
): CutProgram {
  const seconds = (dimension: number | string, rate: number) => evaluateDimension(dimension, typical) / rate;
  const isVarying = (leaf: Value) => leaf.op === "parameter" || (leaf.op === "input" && !isFixed(leaf));
  const order = valuesOf(program);
  const perRow = dependants(order, leavesOf(program, "input").filter((leaf) => !isSharedInput(leaf)));
  const ease = bytePrice === 1 ? () => 1 : depthDiscount(order);
  const { kept, recomputed } = frontier(program, isVarying, {
    keep: (value) =>
      bytePrice < Infinity && isKeepable(value, perRow.has(value))
        ? bytePrice * seconds(bytesOf(value), cachedBytesPerSecond)
        : Infinity,
    recompute: (value) =>
      ease(value) * (seconds(flopsOf(value), flopsPerSecond) + seconds(bytesOf(value), bytesPerSecond)),
  });
  const named = kept.map((value) => ({ name: keptName(value), value }));
  return { program: substitute(program, fedFor(named)), kept: named, recomputed: recomputed.length, bytePrice };
}

/**
 * The program cut where another was, as far as both compute the same values, so that it reads that program's kept
 * values.
 */
export function cutAt(program: Program, keptElsewhere: readonly KeptValue[]): Pick<CutProgram, "program" | "kept"> {
  const names = new Set(keptElsewhere.map(({ name }) => name));
  const named = valuesOf(program).filter((value) => !isLeaf(value))
    .map((value) => ({ name: keptName(value), value })).filter(({ name }) => names.has(name));
  const rest = substitute(program, fedFor(named));
  const read = new Set(leavesOf(rest, "input").map(leafName));
  return { program: rest, kept: named.filter(({ name }) => read.has(name)) };
}

/** The inputs that replace kept values in the programs that read them. */
export function fedFor(kept: readonly KeptValue[]): ReadonlyMap<Value, Value> {
  return new Map(kept.map(({ name, value }) => [value, input(name, value.shape)]));
}

/** The discount on a value's price per operation on its path from the leaves: about a twentieth per block. */
const discount = 0.998;

/**
 * Makes values far from the leaves cheaper. Since all blocks are alike, at one price of a byte it would pay to keep the
 * keys and values of every block, and at the next price of none. With the discount it pays for the lower blocks first,
 * so that a budget in between is used. A value has the same discount in every program.
 */
function depthDiscount(order: readonly Value[]): (value: Value) => number {
  const depths = new Map<Value, number>();
  for (const value of order) {
    depths.set(value, value.inputs.reduce((most, operand) => Math.max(most, depths.get(operand)! + 1), 0));
  }
  return (value) => discount ** depths.get(value)!;
}

/** The name of a kept value: a digest of its computation, so that equal values are encoded once for all members. */
export function keptName(value: Value): string {
  return `cached.${valueDigest(value).slice(0, 24)}`;
}

/** Whether a value can be kept for each row. */
export function isPerRow(value: Value): boolean {
  return isKeepable(value, true);
}

function isKeepable({ shape, dtype }: Value, isRows: boolean): boolean {
  const [batch, ...extents] = shape;
  return dtype === "float32" && batch === (isRows ? "batch" : 1) &&
    extents.every((extent) => typeof extent === "number" || (isSymbol(extent) && extent !== "batch"));
}

/** Whether a kept value is the same for all examples. */
export function isShared({ value }: KeptValue): boolean {
  return value.shape[0] === 1;
}

/** Kept values in an order that depends only on which they are. */
export function inNameOrder(kept: readonly KeptValue[]): readonly KeptValue[] {
  return kept.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The program that computes kept values. */
export function encodeProgram(kept: readonly KeptValue[], name = "encode"): Program {
  const sorted = inNameOrder(kept);
  return { name, outputs: Object.fromEntries(sorted.map(({ name, value }) => [name, value])) };
}

/** The programs of an encoding. */
interface EncodePrograms {
  /** Run once: the values that all rows share and that rows or steps read. It has no results if nothing is shared. */
  readonly shared: Program;
  /** Run over groups of rows: the kept values that are not shared. It is fed the results of `shared`. */
  readonly rows: Program;
}

/** The program that computes kept values, cut once more: between what all rows share and what differs by row. */
export function encodePrograms(kept: readonly KeptValue[], typical: Bindings): EncodePrograms {
  const ownValues = encodeProgram(kept.filter((value) => !isShared(value)));
  const { program: rows, kept: read } = cut(ownValues, typical, { isFixed: isSharedInput });
  const shared = new Map([...kept.filter(isShared), ...read].map((value) => [value.name, value]));
  return { shared: encodeProgram([...shared.values()], "shared"), rows };
}
