import assert from "node:assert/strict";
import { createRandom } from "../../../pipelines/data/random.ts";
import { placed } from "../../../pipelines/decoding/placed_rows.ts";

Deno.test("placed() gives rows the first places with the contents of their predecessors', and copies as little as possible", () => {
  const random = createRandom(5, "places");
  for (let round = 0; round < 300; round++) {
    const before = 1 + random.integer(9), count = random.integer(12);
    const from = Array.from({ length: count }, () => random.integer(before));
    const { places, moves } = placed(from), content = Array.from({ length: before }, (_, place) => place);
    const sources = new Set(moves.map((move) => move.from));
    assert.ok(moves.every(({ to }) => !sources.has(to)));
    for (const { from, to } of moves) content[to] = content[from]!;
    assert.deepEqual([...places].sort((a, b) => a - b), Array.from({ length: count }, (_, place) => place));
    assert.deepEqual(places.map((place) => content[place]), from);
    const forks = count - new Set(from).size, outside = new Set(from.filter((place) => place >= count)).size;
    assert.equal(moves.length, forks + outside);
  }
});
