/**
 * Splitting a program into parts that run one after another, each with some of its weights: a program that runs many
 * times runs part by part, so that weights that do not fit into memory together are read once instead of in every run.
 *
 * @module
 */
import { type Bindings, evaluateDimension } from "../program/dimension.ts";
import { dependants, isLeaf, leavesOf, type Program, type Value, valuesOf } from "../program/program.ts";
import { bytesOf } from "./cost.ts";

/** What one part of a program computes. */
interface ProgramPart {
  /** The names of the program's results that are computed here. */
  readonly results: readonly string[];
  /** The values that are computed here and read by a later part. */
  readonly passed: readonly Value[];
}

/** Where a program may be split, and how large its parts may be. */
interface Splitting {
  /** The most bytes that a part's weights may take. */
  readonly mostBytes: number;
  /** The extents with which the bytes that cross a boundary are estimated. */
  readonly typical: Bindings;
  /** Whether a value can be kept between parts. */
  readonly isKeepable: (value: Value) => boolean;
}

/**
 * A program's parts in the order in which they run; a single part if its weights are small enough.
 *
 * Values are ordered by the last weight that they depend on, so that each weight is read in one part, and a part ends
 * where the fewest bytes cross. Values that depend on no weight, or only on weights, are recomputed where they are
 * read. A part exceeds its limit of bytes if no value within it can be kept.
 */
export function partsOf(program: Program, splitting: Splitting): readonly ProgramPart[] {
  const order = valuesOf(program), weights = order.filter(({ op }) => op === "weight");
  const ranks = ranksOf(order, new Map(weights.map((weight, at) => [weight, at])));
  const lastRead = new Map<Value, number>();
  for (const value of order) {
    for (const operand of value.inputs) {
      lastRead.set(operand, Math.max(lastRead.get(operand) ?? -1, ranks.get(value)!));
    }
  }
  const fed = dependants(order, leavesOf(program, "input"));
  const isComputedOnce = (value: Value) => !isLeaf(value) && fed.has(value) && ranks.get(value)! >= 0;
  const crossing = order.filter((value) => isComputedOnce(value) && lastRead.get(value)! > ranks.get(value)!);
  const { typical, mostBytes, isKeepable } = splitting;
  const price = new Float64Array(weights.length);
  for (const value of crossing) {
    const bytes = isKeepable(value) ? evaluateDimension(bytesOf(value), typical) : Infinity;
    for (let place = ranks.get(value)!; place < lastRead.get(value)!; place++) price[place]! += bytes;
  }
  // At any other place a part would end with weights that nothing has been computed from yet.
  const given = new Set([...crossing, ...Object.values(program.outputs)].map((value) => ranks.get(value)!));
  price.forEach((_, place) => given.has(place) || (price[place] = Infinity));
  const sizes = weights.map((weight) => evaluateDimension(bytesOf(weight), typical));
  const ends = [...endsWithin(sizes, price, mostBytes), Infinity];
  return ends.map((end, at) => {
    const begin = ends[at - 1] ?? -Infinity, isHere = (value: Value) => within(ranks.get(value)!, begin, end);
    return {
      results: Object.entries(program.outputs).filter(([, value]) => isHere(value)).map(([name]) => name),
      passed: crossing.filter((value) => isHere(value) && lastRead.get(value)! > end),
    };
  });
}

function within(place: number, begin: number, end: number): boolean {
  return place > begin && place <= end;
}

/** For each value, the place of the last weight that it depends on; −1 if there is none. */
function ranksOf(order: readonly Value[], places: ReadonlyMap<Value, number>): ReadonlyMap<Value, number> {
  const ranks = new Map<Value, number>();
  for (const value of order) {
    const own = places.get(value) ?? -1;
    ranks.set(value, value.inputs.reduce((most, operand) => Math.max(most, ranks.get(operand)!), own));
  }
  return ranks;
}

/** The last weight of each part but the last: parts are as large as allowed, and end where the fewest bytes cross. */
function endsWithin(sizes: readonly number[], price: Float64Array, most: number): readonly number[] {
  const ends: number[] = [];
  let bytes = 0, best: number | undefined;
  for (let at = 0; at < sizes.length; at++) {
    bytes += sizes[at]!;
    if (bytes > most && best !== undefined) {
      ends.push(best);
      bytes = sizes.slice(best + 1, at + 1).reduce((sum, each) => sum + each, 0);
      best = undefined;
    }
    if (at < sizes.length - 1 && price[at]! < Infinity && (best === undefined || price[at]! <= price[best]!)) best = at;
  }
  return ends;
}
