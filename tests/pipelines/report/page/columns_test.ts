import assert from "node:assert/strict";
import { columnsOf, sortedBy } from "../../../../pipelines/report/page/columns.ts";
import { memberView } from "./support.ts";

const metrics = ["tuned exactMatch", "tuned loss"],
  columns = columnsOf({ metrics, lowerIsBetter: ["tuned loss"], units: {} });
const members = [
  memberView("rank=10", { parameters: 1280, metrics: { "tuned exactMatch": 0.5 }, seconds: 0.5 }),
  memberView("rank=2", { parameters: 256, finalLoss: 0.25, metrics: { "tuned loss": 1.5 } }),
  memberView("rank=1", { parameters: 128, finalLoss: 1, metrics: { "tuned exactMatch": 1, "tuned loss": 0.5 } }),
  memberView("rank=4", { parameters: 512 }),
];

function sorted(name: string, isDescending: boolean): string[] {
  const column = columns.find((column) => column.name === name);
  assert.ok(column !== undefined, name);
  return sortedBy(members, column, isDescending).map(({ id }) => id.slice("rank=".length));
}

Deno.test("columnsOf() has a column for each metric among those of every member", () => {
  assert.deepEqual(columns.map(({ name }) => name), ["member", ...metrics, "trainable", "final loss", "train"]);
  assert.deepEqual(columns.map(({ text }) => text(members[0]!)), ["rank=10", "0.5000", "", "1,280", "", "0.500 s"]);
  assert.equal(columns.at(-1)!.text(members[1]!), "cached");
});

Deno.test("a first click sorts the best metric to the top, and names from the first", () => {
  assert.deepEqual(columns.filter(({ largestFirst }) => largestFirst).map(({ name }) => name), [
    "tuned exactMatch",
    "trainable",
    "train",
  ]);
});

Deno.test("sortedBy() sorts names by the numbers in them", () => {
  assert.deepEqual(sorted("member", false), ["1", "2", "4", "10"]);
  assert.deepEqual(sorted("member", true), ["10", "4", "2", "1"]);
});

Deno.test("sortedBy() has members without a value last either way, in their own order", () => {
  assert.deepEqual(sorted("tuned exactMatch", true), ["1", "10", "2", "4"]);
  assert.deepEqual(sorted("tuned exactMatch", false), ["10", "1", "2", "4"]);
  assert.deepEqual(sorted("final loss", false), ["2", "1", "10", "4"]);
});

Deno.test("a metric has its standard error beside it, and what it is counted in", () => {
  const [, column] = columnsOf({ metrics: ["tuned words"], lowerIsBetter: [], units: { "tuned words": "words" } });
  assert.equal(column?.name, "tuned words (words)");
  const given = { metrics: { "tuned words": 3 }, standardErrors: { "tuned words": 0.25 } };
  assert.equal(column.text(memberView("main", given)), "3.0000 ± 0.2500");
  assert.equal(column.text(memberView("main", { ...given, standardErrors: {} })), "3.0000");
});
