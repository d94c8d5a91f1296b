import assert from "node:assert/strict";
import { byRank, curvesOf, smoothed, strokesOf } from "../../../../pipelines/report/page/curves.ts";
import { memberView } from "./support.ts";

Deno.test("smoothed() is an exponential moving average from the first loss on, and the losses themselves at width 1", () => {
  assert.deepEqual(smoothed([4, 2, 0], 1), [4, 2, 0]);
  assert.deepEqual(smoothed([4, 2, 0], 2), [4, 3, 1.5]);
  assert.deepEqual(smoothed([], 5), []);
});

Deno.test("curvesOf() combines members that repeat one experiment, up to the end of the shortest", () => {
  const members = [
    memberView("a,seed=1", { repeated: "a", losses: [4, 2, 1], stride: 3, axes: { rank: 1 } }),
    memberView("a,seed=2", { repeated: "a", losses: [2, 4], stride: 3, axes: { rank: 1 } }),
    memberView("untrained"),
    memberView("b", { losses: [1] }),
  ];
  assert.deepEqual(curvesOf(members, 1, "losses"), [
    { id: "a", axes: { rank: 1 }, count: 2, stride: 3, mean: [3, 3], low: [2, 2], high: [4, 4] },
    { id: "b", axes: {}, count: 1, stride: 1, mean: [1], low: [1], high: [1] },
  ]);
});

Deno.test("curvesOf() has reward margins only of members that are trained on preferences", () => {
  const members = [memberView("a", { losses: [2, 1], margins: [-1, 3] }), memberView("b", { losses: [1] })];
  assert.deepEqual(curvesOf(members, 1, "margins").map(({ id, mean }) => [id, mean]), [["a", [-1, 3]]]);
});

Deno.test("curvesOf() has gradient norms only of members that recorded them", () => {
  const members = [memberView("a", { losses: [2, 1], gradientNorms: [8, 4] }), memberView("b", { losses: [3, 2] })];
  const [curve, ...others] = curvesOf(members, 2, "gradientNorms");
  assert.deepEqual([curve?.id, curve?.mean, others], ["a", [8, 6], []]);
});

Deno.test("strokesOf() gives each curve its own colour, or colours by axis if there are more curves than colours", () => {
  const rank = { name: "rank", values: [1, 4] }, layer = { name: "layer", values: [0, 1, 2, 3, 4] };
  const curves = curvesOf(
    rank.values.flatMap((rank) =>
      layer.values.map((layer) => memberView(`${rank} ${layer}`, { axes: { rank, layer }, losses: [1] }))
    ),
    1,
    "losses",
  );
  assert.deepEqual(strokesOf(curves, [rank, layer], 10).map(({ colour }) => colour), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const strokes = strokesOf(curves, [rank, layer], 8);
  assert.deepEqual(strokes.map(({ colour }) => colour), [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
  assert.deepEqual(strokes.slice(0, 5).map(({ dash }) => dash), ["", "7 3", "2 3", "8 3 2 3", ""]);
  assert.deepEqual(strokesOf(curves, [rank], 8).map(({ dash }) => dash), curves.map(() => ""));
  assert.deepEqual(strokesOf(curves, [], 8).map(({ colour }) => colour), curves.map((_, at) => at));
});

Deno.test("byRank() puts the best first, then those without a rank by their last loss", () => {
  const members = [3, 1, 2, 0.5].map((loss, at) => memberView("abcd"[at]!, { losses: [9, loss] }));
  const curves = curvesOf(members, 1, "losses");
  assert.deepEqual(byRank(curves, new Map([["a", 0], ["c", 1]])).map(({ id }) => id), ["a", "c", "d", "b"]);
});
