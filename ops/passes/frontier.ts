/**
 * The frozen frontier: what of a program to compute once and keep.
 *
 * A value that no varying leaf reaches is a constant of the experiment. Each such value is either recomputed in every
 * run, or computed once; whatever of the latter the runs read must be stored. Both have a price, and the cheapest choice
 * is a minimum cut: every frozen value v becomes an edge v_in → v_out whose capacity is the price of keeping v, the
 * source reaches v_in with the price of recomputing v, an operand's out reaches its user's in without limit, and the
 * varying part of the program is the sink.
 *
 * @module
 */
import { dependants, isLeaf, type Program, type Value, valuesOf } from "../program/program.ts";
import { FlowNetwork } from "./flow.ts";

/** What to weigh against each other, in one unit (seconds, say). */
export interface FrontierPrices {
  /** Keeping a value and feeding it to every run; `Infinity` for one that cannot be kept. */
  keep(value: Value): number;
  /** Computing a value from its operands in every run. */
  recompute(value: Value): number;
}

/** Where a program was cut. */
interface Frontier {
  /** The values to compute once and to feed from then on, in the order in which the program computes them. */
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
  // Where keeping is free the cut may also part what no run reads.
  const read = readWith(parted, Object.values(program.outputs));
  return {
    kept: candidates.filter((value) => parted.has(value) && read.has(value)),
    recomputed: candidates.filter((value) => !parted.has(value) && read.has(value)),
  };
}

/** What is read on the way to the roots when some values are at hand, those values included. */
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
