/**
 * The frozen frontier: which values of a program to compute once and keep.
 *
 * A value that depends on no varying leaf is a constant of the experiment. Each such value is either recomputed in
 * every run or computed once; those computed once must be stored if a run reads them. Both have a price, and the
 * cheapest choice is a minimum cut: every frozen value v becomes an edge v_in → v_out whose capacity is the price of
 * keeping v, an edge from the source to v_in has the price of recomputing v, an edge from an operand's out to its
 * user's in has infinite capacity, and the varying part of the program is the sink.
 *
 * @module
 */
import { dependants, isLeaf, type Program, type Value, valuesOf } from "../program/program.ts";
import { FlowNetwork } from "./flow.ts";

/** The prices to compare, in one unit (seconds, for example). */
export interface FrontierPrices {
  /** The price of keeping a value and feeding it to every run; `Infinity` if it cannot be kept. */
  keep(value: Value): number;
  /** The price of computing a value from its operands in every run. */
  recompute(value: Value): number;
}

/** Where a program was cut. */
interface Frontier {
  /** The values to compute once and then feed, in the order in which the program computes them. */
  readonly kept: readonly Value[];
  /** Frozen values that are cheaper to recompute in every run than to keep. */
  readonly recomputed: readonly Value[];
}

/**
 * The cheapest cut between what is computed once and what every run computes.
 *
 * @param program The whole computation, from the fed tensors to the results.
 * @param varies Whether a leaf differs between runs over the same example: parameters, optimizer state, the step.
 * @param prices See {@linkcode FrontierPrices}.
 */
export function frontier(program: Program, varies: (leaf: Value) => boolean, prices: FrontierPrices): Frontier {
  const order = valuesOf(program);
  const varying = dependants(order, order.filter((value) => isLeaf(value) && varies(value)));
  const results = new Set(Object.values(program.outputs));
  const fixed = new Set(order.filter((value) => !varying.has(value)));
  const perExample = dependants(order, order.filter((value) => fixed.has(value) && value.op === "input"));
  const candidates = order.filter((value) => fixed.has(value) && perExample.has(value) && !isLeaf(value));
  const index = new Map(candidates.map((value, at) => [value, at]));
  const source = 2 * candidates.length, sink = source + 1;
  const network = new FlowNetwork(sink + 1);
  for (const [value, at] of index) {
    network.connect(source, 2 * at, prices.recompute(value));
    network.connect(2 * at, 2 * at + 1, prices.keep(value));
    for (const operand of value.inputs) {
      const from = index.get(operand);
      if (from !== undefined) network.connect(2 * from + 1, 2 * at, Infinity);
    }
    if (results.has(value)) network.connect(2 * at + 1, sink, Infinity);
  }
  for (const value of order) {
    if (!varying.has(value)) continue;
    for (const operand of value.inputs) {
      const from = index.get(operand);
      if (from !== undefined) network.connect(2 * from + 1, sink, Infinity);
    }
  }
  const once = network.minimumCut(source, sink);
  const parted = new Set(candidates.filter((_, at) => once(2 * at) && !once(2 * at + 1)));
  // Where keeping a value is free, the cut may include values that no run reads.
  const read = readWith(parted, Object.values(program.outputs));
  return {
    kept: candidates.filter((value) => parted.has(value) && read.has(value)),
    recomputed: candidates.filter((value) => !parted.has(value) && read.has(value)),
  };
}

/** The values that are read to compute the roots when some values are available, including those. */
function readWith(atHand: ReadonlySet<Value>, roots: readonly Value[]): Set<Value> {
  const seen = new Set<Value>();
  const stack = [...roots];
  while (stack.length > 0) {
    const value = stack.pop()!;
    if (seen.has(value)) continue;
    seen.add(value);
    if (!atHand.has(value)) stack.push(...value.inputs);
  }
  return seen;
}
