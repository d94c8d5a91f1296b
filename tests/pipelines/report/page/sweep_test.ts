import assert from "node:assert/strict";
import { cellsOf, variedAxes } from "../../../../pipelines/report/page/sweep.ts";
import { memberView } from "./support.ts";

const rank = { name: "rank", values: [1, 4] }, layer = { name: "layer", values: [0, 2] };

function member(rank: number, layer: number, metrics: Readonly<Record<string, number>>) {
  return memberView(`rank=${rank},layer=${layer}`, { axes: { rank, layer }, metrics });
}

Deno.test("variedAxes() omits axes of one value", () => {
  assert.deepEqual(variedAxes([rank, { name: "seed", values: [42] }, layer]), [rank, layer]);
});

Deno.test("cellsOf() gives the mean of the members of a cell, and no cell where none has the metric", () => {
  const members = [
    member(1, 0, { score: 0 }),
    member(1, 0, { score: 0.5 }),
    member(1, 0, { other: 9 }),
    member(1, 2, { other: 9 }),
    member(4, 2, { score: 1 }),
  ];
  assert.deepEqual(cellsOf(members, rank, layer, "score"), [
    { x: 0, y: 0, row: 1, column: 0, count: 2, value: 0.25 },
    { x: 1, y: 1, row: 4, column: 2, count: 1, value: 1 },
  ]);
});
