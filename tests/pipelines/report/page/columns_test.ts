import assert from "node:assert/strict";
import { columnsOf, sortedBy } from "../../../../pipelines/report/page/columns.ts";
import { memberView } from "./support.ts";

const metrics = ["tuned exactMatch", "tuned loss"], run = { lowerIsBetter: ["tuned loss", "base loss"], units: {} };
const members = [
  memberView("rank=10", {
    parameters: 1280,
    share: 0.0128,
    metrics: { "tuned exactMatch": 0.5, "base loss": 4 },
    seconds: 0.5,
  }),
  memberView("rank=2", { parameters: 256, finalLoss: 0.25, metrics: { "tuned loss": 1.5 } }),
  memberView("rank=1", { parameters: 128, finalLoss: 1, metrics: { "tuned exactMatch": 1, "tuned loss": 0.5 } }),
  memberView("rank=4", { parameters: 512 }),
];

const columns = columnsOf({ ...run, metrics: [...metrics, "base loss"], untrainedMetrics: ["base loss"], members });

function sorted(name: string, isDescending: boolean): string[] {
  const column = columns.find((column) => column.name === name);
  assert.ok(column !== undefined, name);
  return sortedBy(members, column, isDescending).map(({ id }) => id.slice("rank=".length));
}

Deno.test("columnsOf() has a column for each metric of the members, with the base's marked and last", () => {
  const names = ["member", ...metrics, "trainable", "share of base", "final loss", "train", "base loss"];
  assert.deepEqual(columns.map(({ name }) => name), names);
  const texts = ["rank=10", "0.5000", "", "1,280", "1.28 %", "", "0.500 s", "4.0000"];
  assert.deepEqual(columns.map(({ text }) => text(members[0]!)), texts);
  assert.deepEqual(columns.flatMap(({ name, isBase }) => isBase ? [name] : []), ["base loss"]);
});

Deno.test("the training column shows seconds, or the state of a member without them", () => {
  const train = columns.find(({ name }) => name === "train")!;
  assert.equal(train.text(members[1]!), "cached");
  assert.equal(train.text(memberView("a", { state: "waiting", trainings: 0 })), "waiting");
  assert.equal(train.text(memberView("a", { trainings: 0 })), "", "nothing was trained, so nothing was cached");
});

Deno.test("columnsOf() has no columns of parameters for a run without trainings", () => {
  const untrained = [memberView("main", { parameters: 0, trainings: 0 })];
  const found = columnsOf({ ...run, metrics: ["score loss"], untrainedMetrics: [], members: untrained });
  assert.deepEqual(found.map(({ name }) => name), ["member", "score loss"]);
});

Deno.test("a first click sorts the best value to the top, and names in ascending order", () => {
  assert.deepEqual(columns.filter(({ largestFirst }) => largestFirst).map(({ name }) => name), [
    "tuned exactMatch",
    "trainable",
    "share of base",
    "train",
  ]);
});

Deno.test("sortedBy() sorts names by the numbers in them", () => {
  assert.deepEqual(sorted("member", false), ["1", "2", "4", "10"]);
  assert.deepEqual(sorted("member", true), ["10", "4", "2", "1"]);
});

Deno.test("sortedBy() puts members without a value last in both directions, in their original order", () => {
  assert.deepEqual(sorted("tuned exactMatch", true), ["1", "10", "2", "4"]);
  assert.deepEqual(sorted("tuned exactMatch", false), ["10", "1", "2", "4"]);
  assert.deepEqual(sorted("final loss", false), ["2", "1", "10", "4"]);
});

Deno.test("a metric is shown with its standard error and its unit", () => {
  const [, column] = columnsOf({
    ...{ metrics: ["tuned words"], lowerIsBetter: [], units: { "tuned words": "words" } },
    ...{ untrainedMetrics: [], members },
  });
  assert.equal(column?.name, "tuned words (words)");
  const given = { metrics: { "tuned words": 3 }, standardErrors: { "tuned words": 0.25 } };
  assert.equal(column.text(memberView("main", given)), "3.0000 ± 0.2500");
  assert.equal(column.text(memberView("main", { ...given, standardErrors: {} })), "3.0000");
});
