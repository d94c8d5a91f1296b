import assert from "node:assert/strict";
import { frontier, type FrontierPrices } from "../../../ops/passes/frontier.ts";
import * as o from "../../../ops/operators.ts";
import {
  dependants,
  input,
  isLeaf,
  parameter,
  type Program,
  type Value,
  valuesOf,
  weight,
} from "../../../ops/program/program.ts";
import { substitute } from "../../../ops/passes/rewrite.ts";
import { verify } from "../../../ops/passes/verify.ts";
import { createRandom, type Random } from "../../../pipelines/data/random.ts";
import { randomSymbols, randomValues } from "../random_program.ts";
import { evaluate, interpret } from "../reference.ts";
import { assertClose, drawLeaves } from "../support.ts";

const varies = (leaf: Value) => leaf.op === "parameter";

/** A small random graph over two examples' inputs, a weight and a parameter. */
function randomGraph(random: Random): Program {
  const values: Value[] = [input("x", [2]), input("y", [2]), weight("w", [2]), parameter("p", [2])];
  const pick = () => values[random.integer(values.length)]!;
  for (let step = 0; step < 14; step++) {
    const kind = random.integer(4);
    values.push(kind === 0 ? o.tanh(pick()) : kind === 1 ? o.mul(pick(), pick()) : o.add(pick(), pick()));
  }
  return { name: "random", outputs: { last: values.at(-1)!, other: values.at(-2)!, inner: pick() } };
}

function frozenCandidates(program: Program): Value[] {
  const order = valuesOf(program);
  const varying = dependants(order, order.filter((value) => isLeaf(value) && varies(value)));
  const fed = dependants(order, order.filter((value) => value.op === "input"));
  return order.filter((value) => !isLeaf(value) && fed.has(value) && !varying.has(value));
}

/** The values that a run computes when some are fed. */
function computed(program: Program, fed: ReadonlySet<Value>): Set<Value> {
  const seen = new Set<Value>();
  const visit = (value: Value) => {
    if (seen.has(value) || fed.has(value)) return;
    seen.add(value);
    value.inputs.forEach(visit);
  };
  Object.values(program.outputs).forEach(visit);
  return seen;
}

/** The price of the cheapest of all sets to keep. */
function cheapest(program: Program, candidates: readonly Value[], prices: FrontierPrices): number {
  let best = Infinity;
  for (let set = 0; set < 2 ** candidates.length; set++) {
    const kept = new Set(candidates.filter((_, index) => (set >> index) % 2 === 1));
    best = Math.min(best, priceOf(program, candidates, kept, prices));
  }
  return best;
}

function priceOf(
  program: Program,
  candidates: readonly Value[],
  kept: ReadonlySet<Value>,
  { keep, recompute }: FrontierPrices,
): number {
  const running = computed(program, kept);
  const again = candidates.filter((value) => running.has(value));
  return [...kept].reduce((sum, value) => sum + keep(value), 0) +
    again.reduce((sum, value) => sum + recompute(value), 0);
}

Deno.test("frontier() of random graphs costs as little as the cheapest of all sets to keep", () => {
  const random = createRandom(1, "graphs");
  let searched = 0;
  while (searched < 120) {
    const program = randomGraph(random), candidates = frozenCandidates(program);
    if (candidates.length < 2 || candidates.length > 9) continue;
    searched++;
    const drawn = new Map(candidates.map((value) => [value, {
      keep: random.uniform() < 0.15 ? Infinity : random.integer(12),
      recompute: random.integer(8),
    }]));
    const prices: FrontierPrices = {
      keep: (value) => drawn.get(value)!.keep,
      recompute: (value) => drawn.get(value)!.recompute,
    };
    const { kept, recomputed } = frontier(program, varies, prices);
    const running = computed(program, new Set(kept));
    assert.deepEqual(recomputed, candidates.filter((value) => running.has(value)));
    assert.equal(priceOf(program, candidates, new Set(kept), prices), cheapest(program, candidates, prices));
    const readers = [...running].flatMap(({ inputs }) => inputs).concat(Object.values(program.outputs));
    for (const value of kept) assert.ok(readers.includes(value), "a kept value that no run reads");
  }
});

Deno.test("the values that frontier() keeps suffice to compute the results", () => {
  const random = createRandom(2, "graphs");
  let cuts = 0;
  for (let seed = 0; seed < 60; seed++) {
    const values = randomValues(seed, 24), [witness] = values as [Value];
    const [first, second, third] = values.slice(-3) as [Value, Value, Value];
    const program: Program = { name: "whole", outputs: { first, second, third, witness } };
    const { kept } = frontier(program, varies, {
      keep: () => random.integer(10),
      recompute: () => random.integer(10),
    });
    const fed = new Map(kept.map((value, index) => [value, input(`kept.${index}`, value.shape)]));
    const rest = verify(substitute(program, fed));
    for (const symbols of randomSymbols) {
      const environment = drawLeaves(Object.values(program.outputs), symbols);
      const stored = evaluate(kept, environment).map((tensor, index) => [`kept.${index}`, tensor] as const);
      const leaves = { ...environment.leaves, ...Object.fromEntries(stored) };
      const expected = interpret(program, environment), found = interpret(rest, { symbols, leaves });
      for (const name in expected) assertClose(found[name]!, expected[name]!, 1e-12, name);
    }
    cuts += kept.length;
  }
  assert.ok(cuts > 30, `only ${cuts} values were ever kept`);
});
