import assert from "node:assert/strict";
import { adamw, block, concat, lora, loreft, sweep, zip } from "refract";
import { overridesOfOptions } from "../../../../pipelines/recipes/overrides.ts";
import { Axes, type Point } from "../../../../pipelines/schedule/expand/axes.ts";

const none = new Map<never, never>();
const axesOf = (declared: unknown, set: Readonly<Record<string, readonly string[]>> = {}) => {
  return new Axes(declared, overridesOfOptions(new Map(Object.entries(set))), new Map());
};
const labelsOf = (axes: Axes, declared: unknown) => axes.points(declared, none).map((point) => axes.labels(point));

Deno.test("points are the product of a declaration's own axes, the last declared varying fastest", () => {
  const rank = sweep("rank", [1, 2]), seed = sweep("seed", [7, 8]), axes = axesOf({ seed, rank });
  assert.deepEqual(labelsOf(axes, { seed, rank }), [
    { rank: 1, seed: 7 },
    { rank: 1, seed: 8 },
    { rank: 2, seed: 7 },
    { rank: 2, seed: 8 },
  ]);
  assert.deepEqual(labelsOf(axes, { seed }), [{ seed: 7 }, { seed: 8 }]);
  assert.deepEqual(labelsOf(axes, {}), [{}]);
});

Deno.test("an axis within the values of another is part of the points of those values", () => {
  const rank = sweep("rank", [1, 2]), edit = sweep("edit", [{ kind: "ranked", rank }, { kind: "plain" }]);
  assert.deepEqual(labelsOf(axesOf(edit), edit), [
    { rank: 1, edit: "ranked" },
    { rank: 2, edit: "ranked" },
    { edit: "plain" },
  ]);
});

Deno.test("zipped axes have one point for each of their values", () => {
  const [rank, seed] = zip(sweep("rank", [1, 2]), sweep("seed", [7, 8])), declared = { rank, seed };
  assert.deepEqual(labelsOf(axesOf(declared), declared), [{ rank: 1, seed: 7 }, { rank: 2, seed: 8 }]);
});

Deno.test("a declaration at a point has the axes' values, and equal parts are the same object", () => {
  const rank = sweep("rank", [1, 2]), seed = sweep("seed", [7, 8]);
  const declared = { edit: { rank }, data: { path: "rows" }, seed }, axes = axesOf(declared);
  const [a, b, c] = axes.points(declared, none).map((point) => axes.resolve(declared, point, none));
  assert.deepEqual(a, { edit: { rank: 1 }, data: { path: "rows" }, seed: 7 });
  assert.equal(a!.edit, b!.edit, "the rank is the same");
  assert.notEqual(a!.edit, c!.edit);
  assert.equal(a!.data, declared.data, "no axis is in it");
});

Deno.test("labels are numbers, texts and booleans unchanged, lists joined, and other values by kind and settings", () => {
  const edits = sweep("edit", [loreft({ at: block(1).output, positions: "l1", rank: 1 }), { kind: "other" }]);
  const same = sweep("same", [{ kind: "x", a: 1 }, { kind: "x", a: 2 }]);
  const lists = sweep("lists", [[1, 2], [3]]), flags = sweep("flags", [true, false]);
  const declared = { edits, same, lists, flags }, axes = axesOf(declared);
  const point: Point = new Map([["edit", 0], ["same", 1], ["lists", 0], ["flags", 1]]);
  assert.deepEqual(axes.labels(point), { edit: "loreft", same: "x a=2", lists: "1;2", flags: false });
});

Deno.test("values of one kind are distinguished by their settings, else by their index", () => {
  const at = block(1).output, edit = (rank: number, positions: string) => loreft({ at, positions, rank });
  const labels = (values: readonly unknown[]) => {
    const axis = sweep("value", values);
    return values.map((_, number) => axesOf({ axis }).labels(new Map([["value", number]]))["value"]);
  };
  assert.deepEqual(labels([edit(4, "l1"), edit(4, "f7+l7")]), ["loreft r4 l1", "loreft r4 f7+l7"]);
  assert.deepEqual(labels([edit(1, "l1"), edit(4, "l1"), lora({ rank: 2 })]), ["loreft r1 l1", "loreft r4 l1", "lora"]);
  assert.deepEqual(labels([edit(4, "l1"), loreft({ at: block(2).output, positions: "l1", rank: 4 })]), [
    "loreft r4 l1 blocks=1",
    "loreft r4 l1 blocks=2",
  ]);
  assert.deepEqual(labels([adamw({ learningRate: 1e-3 }), adamw({ learningRate: 1e-2 })]), [
    "adamw learningRate=0.001",
    "adamw learningRate=0.01",
  ]);
  assert.deepEqual(labels([edit(4, "l1"), edit(4, "l1")]), [0, 1]);
  assert.deepEqual(labels([{ kind: "x", path: "./a/b,c" }, { kind: "x", path: "./d" }]), ["x path=b-c", "x path=d"]);
});

Deno.test("overrides are read as values of the axis, or refused if they are of another kind", () => {
  const layer = concat(sweep("layer", [1, 2]), sweep("more", [3]));
  assert.deepEqual(labelsOf(axesOf(layer, { layer: ["2", "17"] }), layer), [{ layer: 2 }, { layer: 17 }]);
  assert.throws(() => axesOf(layer, { layer: ["top"] }), {
    name: "RequestError",
    message: '--set layer: "top" has the wrong type for the axis layer; give values such as 1, 2, 3',
  });
});

Deno.test("two axes of one name are refused", () => {
  assert.throws(
    () => axesOf([sweep("rank", [1]), sweep("rank", [1])]),
    /two axes are named rank; declare it once and use that value in both places/,
  );
});
