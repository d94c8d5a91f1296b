/**
 * Recomputing activations: the backward pass recomputes the activations of a run of operations from the start of the
 * run, instead of keeping them from the forward pass (Chen et al. 2016, arXiv:1604.06174). Only the states between the
 * runs and the activations of one run are then in memory at a time.
 *
 * @module
 */
import { barrier, withInputs } from "../operators.ts";
import { type Program, type Value, valuesOf } from "../program/program.ts";

/** The boundary between two runs of operations: everything that the later run reads from the earlier one. */
export interface Boundary {
  readonly state: Value;
  /** The gradient of the loss with respect to the state; `undefined` if no parameter comes before it. */
  readonly cotangent: Value | undefined;
}

/** The level of values that need no boundary's gradient. */
const forward = Infinity;

/**
 * The program with the lowest runs recomputed for the gradient; its results are the same. The uppermost run is never
 * recomputed, since its backward pass follows immediately.
 *
 * @param boundaries In order, lowest first. If one is not part of the program, the runs on both sides count as one.
 * @param most The maximum number of runs to recompute.
 */
export function recompute(program: Program, boundaries: readonly Boundary[], most = Infinity): Program {
  const order = valuesOf(program), met = boundariesWithin(order, boundaries);
  const again = runsOf(met).slice(0, most), highest = again[again.length - 1];
  if (highest === undefined) return program;
  const { runs, levels } = placesOf(order, met);
  const byLevel = Map.groupBy(order, (value) => levels.get(value)!);
  const members = Map.groupBy(byLevel.get(forward) ?? [], (value) => runs.get(value)!);
  const escapes = escapesOf(program, order, levels);
  const rebuilt = new Map<Value, Value>(), copies = new Map<Value, Value>();
  const now = (value: Value) => rebuilt.get(value) ?? value;
  for (let level = met.length - 1; level >= 0; level--) {
    for (const value of byLevel.get(level) ?? []) {
      rebuilt.set(value, replaceInputs(value, (operand) => copies.get(operand) ?? now(operand)));
    }
    // The run above and everything that its gradient yields are done: none of it has to stay in memory.
    const run = level - 2;
    if (!again.includes(run)) continue;
    const passed = run === highest ? met.keys().filter((each) => each >= level) : [level];
    const before = [met[run + 1]!.cotangent!, ...[...passed].flatMap((each) => escapes.get(each) ?? [])];
    const { state } = met[run]!, start = barrier(state, [...new Set(before.map(now))]);
    for (const value of members.get(run) ?? []) {
      if (value === state) continue;
      copies.set(value, replaceInputs(value, (operand) => operand === state ? start : copies.get(operand) ?? operand));
    }
  }
  const outputs = Object.entries(program.outputs).map(([name, value]) => [name, now(value)] as const);
  return { name: program.name, outputs: Object.fromEntries(outputs) };
}

/** How many runs {@linkcode recompute} could recompute. */
export function recomputableRuns(program: Program, boundaries: readonly Boundary[]): number {
  return runsOf(boundariesWithin(valuesOf(program), boundaries)).length;
}

function boundariesWithin(order: readonly Value[], boundaries: readonly Boundary[]): readonly Boundary[] {
  const present = new Set(order);
  return boundaries.filter(({ state, cotangent }) => {
    return present.has(state) && (cotangent === undefined || present.has(cotangent));
  });
}

/** The runs that can be recomputed, each by the index of the boundary that it begins at. */
function runsOf(met: readonly Boundary[]): number[] {
  return [...met.keys()].filter((run) => run < met.length - 2 && met[run + 1]!.cotangent !== undefined);
}

/**
 * Where values belong: `runs` holds the last boundary whose state a value depends on, −1 for none and for the states
 * themselves; `levels` holds the first boundary whose cotangent it depends on.
 */
function placesOf(order: readonly Value[], met: readonly Boundary[]) {
  const states = new Map(met.map(({ state }, index) => [state, index]));
  const cotangents = new Map(met.map(({ cotangent }, index) => [cotangent, index]));
  const reached = new Map<Value, number>(), runs = new Map<Value, number>(), levels = new Map<Value, number>();
  for (const value of order) {
    const state = states.get(value), { inputs } = value;
    const run = inputs.reduce((last, operand) => Math.max(last, reached.get(operand)!), -1);
    reached.set(value, state ?? run);
    runs.set(value, state === undefined ? run : -1);
    levels.set(
      value,
      inputs.reduce((least, each) => Math.min(least, levels.get(each)!, cotangents.get(each) ?? forward), forward),
    );
  }
  return { runs, levels };
}

/** For each level, the values that are results or are read below it: mostly gradients of parameters. */
function escapesOf(program: Program, order: readonly Value[], levels: ReadonlyMap<Value, number>) {
  const found = new Set(Object.values(program.outputs));
  for (const value of order) {
    for (const operand of value.inputs) if (levels.get(value)! < levels.get(operand)!) found.add(operand);
  }
  return Map.groupBy(order.filter((value) => found.has(value)), (value) => levels.get(value)!);
}

function replaceInputs(value: Value, replace: (operand: Value) => Value): Value {
  const inputs = value.inputs.map(replace);
  return inputs.some((operand, at) => operand !== value.inputs[at]) ? withInputs(value, inputs) : value;
}
