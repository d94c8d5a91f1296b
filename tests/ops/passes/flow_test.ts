import assert from "node:assert/strict";
import { FlowNetwork } from "../../../ops/passes/flow.ts";
import { createRandom } from "../../../pipelines/data/random.ts";

type Edge = readonly [from: number, to: number, capacity: number];

/** The total capacity of the edges from one side to the other. */
function cutCapacity(edges: readonly Edge[], onSourceSide: (node: number) => boolean): number {
  return edges.reduce((sum, [from, to, capacity]) => sum + (onSourceSide(from) && !onSourceSide(to) ? capacity : 0), 0);
}

function minimumCut(size: number, edges: readonly Edge[], source: number, sink: number): (node: number) => boolean {
  const network = new FlowNetwork(size);
  for (const [from, to, capacity] of edges) network.connect(from, to, capacity);
  return network.minimumCut(source, sink);
}

Deno.test("minimumCut() splits a diamond at its cheapest edges", () => {
  const edges: Edge[] = [[0, 1, 3], [0, 2, 5], [1, 3, 4], [2, 3, 2], [1, 2, 1]];
  const side = minimumCut(4, edges, 0, 3);
  assert.deepEqual([0, 1, 2, 3].map(side), [true, false, true, false]);
  assert.equal(cutCapacity(edges, side), 5);
});

Deno.test("minimumCut() finds flow that must be sent back", () => {
  // The shortest path 0 → 1 → 2 → 7 blocks both of the longer ones, 0 → 1 → 3 → 4 → 7 and 0 → 5 → 6 → 2 → 7.
  const links = [[0, 1], [1, 2], [2, 7], [1, 3], [3, 4], [4, 7], [0, 5], [5, 6], [6, 2]] as const;
  const edges = links.map(([from, to]): Edge => [from, to, 1]);
  assert.equal(cutCapacity(edges, minimumCut(8, edges, 0, 7)), 2);
});

Deno.test("minimumCut() reaches nodes backwards along edges with flow", () => {
  // Both paths into node 2 have room again once the flow beyond the capacity of its way out has been undone.
  const edges: Edge[] = [[0, 1, 1], [1, 2, 1], [0, 3, 1], [3, 4, 1], [4, 2, 1], [2, 5, 1]];
  const side = minimumCut(6, edges, 0, 5);
  assert.equal(cutCapacity(edges, side), 1);
  assert.deepEqual([0, 1, 2, 3, 4, 5].map(side), [true, true, true, true, true, false]);
});

Deno.test("minimumCut() accepts a sink that is already cut off", () => {
  const side = minimumCut(3, [[0, 1, 7]], 0, 2);
  assert.deepEqual([0, 1, 2].map(side), [true, true, false]);
});

Deno.test("minimumCut() avoids infinite edges", () => {
  const edges: Edge[] = [[0, 1, Infinity], [1, 2, 9], [2, 3, Infinity], [0, 2, 2]];
  const side = minimumCut(4, edges, 0, 3);
  assert.deepEqual([0, 1, 2, 3].map(side), [true, true, false, false]);
});

Deno.test("minimumCut() refuses a path of infinite capacity", () => {
  assert.throws(() => minimumCut(3, [[0, 1, Infinity], [1, 2, Infinity]], 0, 2), RangeError);
});

Deno.test("minimumCut() of random networks costs as little as the cheapest of all cuts", () => {
  const random = createRandom(1, "networks");
  for (let attempt = 0; attempt < 200; attempt++) {
    const size = 3 + random.integer(8);
    const edges = Array.from({ length: Math.round(2.5 * size) }, (): Edge => {
      const capacity = random.uniform() < 0.15 ? Infinity : attempt % 2 === 0 ? random.integer(9) : random.uniform();
      return [random.integer(size), random.integer(size), capacity];
    });
    // Every set that contains the source, node 0, and not the sink, node 1.
    const costs = Array.from(
      { length: 2 ** (size - 2) },
      (_, set) => cutCapacity(edges, (node) => node === 0 || (node > 1 && (set >> (node - 2)) % 2 === 1)),
    );
    const cheapest = Math.min(...costs);
    if (cheapest === Infinity) assert.throws(() => minimumCut(size, edges, 0, 1), RangeError);
    else assert.ok(Math.abs(cutCapacity(edges, minimumCut(size, edges, 0, 1)) - cheapest) < 1e-9);
  }
});

Deno.test("minimumCut() handles a path of a hundred thousand nodes", () => {
  const length = 100_000, edges = Array.from({ length }, (_, node): Edge => [node, node + 1, node === 70_000 ? 1 : 2]);
  const side = minimumCut(length + 1, edges, 0, length);
  assert.ok(side(70_000));
  assert.equal(side(70_001), false);
});
