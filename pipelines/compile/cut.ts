/**
 * Cutting a program at its frozen frontier: what an example alone determines is computed once by an encode program and
 * fed to the rest.
 *
 * @module
 */
import { bytesOf, flopsOf } from "../../ops/cost.ts";
import { type Bindings, evaluateDimension, isSymbol } from "../../ops/dimension.ts";
import { valueDigest } from "../../ops/digest.ts";
import { frontier } from "../../ops/frontier.ts";
import { input, type Program, type Value } from "../../ops/program.ts";
import { substitute } from "../../ops/rewrite.ts";
import { isExampleInput } from "./layout.ts";

/** A value that is computed once an example: [batch, …], each further extent a number or one symbol. */
export interface KeptValue {
  /** Names the tensor that feeds it, the same in every program that reads it. */
  readonly name: string;
  readonly value: Value;
}

/** A program that reads kept values in place of computing them. */
export interface CutProgram {
  readonly program: Program;
  readonly kept: readonly KeptValue[];
  /** Frozen values that are cheaper to recompute than to keep. */
  readonly recomputed: number;
}

// Rates that only weigh the choices against each other: a core's arithmetic, its memory, and a cached tensor's way from
// the store into a padded batch.
const flopsPerSecond = 1e11;
const bytesPerSecond = 1e10;
const cachedBytesPerSecond = 2e9;

/**
 * The program cut where keeping and recomputing together cost least.
 *
 * @param typical The extents of a typical example, `batch` 1.
 */
export function cut(program: Program, typical: Bindings): CutProgram {
  const seconds = (dimension: number | string, rate: number) => evaluateDimension(dimension, typical) / rate;
  const { kept, recomputed } = frontier(program, (leaf) => leaf.op === "parameter" || isVarying(leaf), {
    keep: (value) => (isKeepable(value) ? seconds(bytesOf(value), cachedBytesPerSecond) : Infinity),
    recompute: (value) => seconds(flopsOf(value), flopsPerSecond) + seconds(bytesOf(value), bytesPerSecond),
  });
  const named = kept.map((value) => ({ name: keptName(value), value }));
  const fed = named.map(({ name, value }) => [value, input(name, value.shape)] as const);
  return { program: substitute(program, new Map(fed)), kept: named, recomputed: recomputed.length };
}

function isVarying(leaf: Value): boolean {
  return leaf.op === "input" && !isExampleInput(leaf);
}

/** The name of a kept value: a digest of how it is computed, so that equal ones are encoded once for all members. */
export function keptName(value: Value): string {
  return `cached.${valueDigest(value).slice(0, 24)}`;
}

function isKeepable({ shape, dtype }: Value): boolean {
  const [batch, ...extents] = shape;
  return dtype === "float32" && batch === "batch" &&
    extents.every((extent) => typeof extent === "number" || (isSymbol(extent) && extent !== "batch"));
}

/** The program that computes kept values. */
export function encodeProgram(kept: readonly KeptValue[]): Program {
  const sorted = [...kept].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { name: "encode", outputs: Object.fromEntries(sorted.map(({ name, value }) => [name, value])) };
}
