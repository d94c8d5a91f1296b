import assert from "node:assert/strict";
import { classesOf, filteredRows, listedRows } from "../../../../pipelines/report/page/row_list.ts";
import type { RowsView } from "../../../../pipelines/report/report_view.ts";

/** Six rows of two classes: the base answers `a` throughout, the tuned model gets one wrong. */
const found: RowsView = {
  stage: "tuned",
  total: 6,
  omitted: 0,
  rows: ["a", "a", "a", "b", "b", "b"].map((completion, at) => ({ prompt: `Row ${at}`, completion: ` ${completion}` })),
  answers: [
    { name: "base", isBase: true, texts: Array(6).fill(" a"), values: { exactMatch: [1, 1, 1, 0, 0, 0] } },
    {
      ...{ name: "rank=4", isBase: false },
      texts: [" a", " a", " b", " b", " b", " b"],
      values: { exactMatch: [1, 1, 0, 1, 1, 1] },
    },
  ],
};
const rows = listedRows(found, { member: "rank=4", metric: "exactMatch", lowerIsBetter: false });
const prompts = (filter: Parameters<typeof filteredRows>[1], search = "") => {
  return filteredRows(rows, filter, search, false).map(({ prompt }) => prompt);
};

Deno.test("rows are filtered by errors, by differences, and by being better or worse than the base", () => {
  assert.equal(prompts("all").length, 6);
  assert.deepEqual(prompts("wrong"), ["Row 2"]);
  assert.deepEqual(prompts("differ"), ["Row 2", "Row 3", "Row 4", "Row 5"]);
  assert.deepEqual(prompts("better"), ["Row 3", "Row 4", "Row 5"]);
  assert.deepEqual(prompts("worse"), ["Row 2"]);
});

Deno.test("a search covers prompts, completions and answers, ignoring case", () => {
  assert.deepEqual(prompts("all", "ROW 4"), ["Row 4"]);
  assert.deepEqual(prompts("wrong", "row 3"), []);
});

Deno.test("classes have their counts, and their most frequent mistake", () => {
  assert.deepEqual(classesOf(rows), [
    { name: "a", count: 3, tuned: 2, base: 3, mistake: "b × 1" },
    { name: "b", count: 3, tuned: 3, base: 0, mistake: "" },
  ]);
  assert.deepEqual(classesOf(rows.slice(0, 3)), [], "a single class is not listed");
  assert.deepEqual(classesOf(rows.map((row, at) => ({ ...row, completion: String(at) }))), [], "one row per class");
});

Deno.test("without a correct answer, a smaller loss is better", () => {
  const losses: RowsView = {
    ...found,
    answers: [
      { name: "base", isBase: true, texts: Array(6).fill(null), values: { loss: [1, 2, 3, 4, 5, 6] } },
      { name: "main", isBase: false, texts: Array(6).fill(null), values: { loss: [2, 1, 3, 3, 6, 6] } },
    ],
  };
  const listed = listedRows(losses, { member: undefined, metric: "loss", lowerIsBetter: true });
  const of = (filter: "better" | "worse" | "wrong") =>
    filteredRows(listed, filter, "", true).map(({ prompt }) => prompt);
  assert.deepEqual([of("better"), of("worse"), of("wrong")], [["Row 1", "Row 3"], ["Row 0", "Row 4"], []]);
});
