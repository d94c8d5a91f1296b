import assert from "node:assert/strict";
import { cellsOf, variedAxes } from "../../../../pipelines/report/page/sweep.ts";
import { experimentView } from "./support.ts";

const rank = { name: "rank", values: [1, 4] }, layer = { name: "layer", values: [0, 2] };

function experiment(rank: number, layer: number, score: number | undefined, repetitions = 1) {
  const metrics = score === undefined ? { other: 9 } : { score: { mean: score, repetitions } };
  return experimentView(`rank=${rank},layer=${layer}`, { axes: { rank, layer }, metrics });
}

Deno.test("variedAxes() omits axes of one value, and those that only repeat experiments", () => {
  const experiments = [experiment(1, 0, 0), experiment(4, 2, 0)].map((each) => {
    return { ...each, axes: { ...each.axes, epochs: 3 } };
  });
  assert.deepEqual(variedAxes(experiments), [rank, layer]);
});

Deno.test("cellsOf() returns the mean of a cell's members, and no cell if none has the metric", () => {
  const experiments = [
    experiment(1, 0, 0),
    experiment(1, 0, 0.5, 3),
    experiment(1, 0, undefined),
    experiment(1, 2, undefined),
    experiment(4, 2, 1),
  ];
  assert.deepEqual(cellsOf(experiments, rank, layer, "score"), [
    { x: 0, y: 0, row: 1, column: 0, count: 4, value: 0.375 },
    { x: 1, y: 1, row: 4, column: 2, count: 1, value: 1 },
  ]);
});
