/** The tasks: their templates are valid, and the files of ../shared agree with them. @module */
import assert from "node:assert/strict";
import { parseTemplate } from "../../../pipelines/data/template.ts";
import { commonsense } from "../../../pipelines/tasks/commonsense.ts";
import { tasks } from "../../../pipelines/tasks/mod.ts";
import type { Fields } from "../../../pipelines/data/files/raw_row.ts";
import { readRows, taskFolder } from "../../support/task_goldens.ts";

Deno.test("every template of a task is valid", () => {
  for (const task of Object.values(tasks)) {
    const texts = task.kind === "head"
      ? [task.text, task.pair ?? ""]
      : task.kind === "instruction"
      ? [task.prompt.bare, task.prompt.withInput, task.completion]
      : task.kind === "writing"
      ? [task.prompt, task.completion]
      : task.kind === "code"
      ? [task.prompt]
      : [];
    for (const text of texts) parseTemplate(text, "prompt");
  }
});

Deno.test("a task with a trigger has it in its template", () => {
  for (const [name, task] of Object.entries(tasks)) {
    if (task.kind !== "writing") continue;
    for (const scoring of Object.values(task.scorings)) {
      if (!("trigger" in scoring)) continue;
      const template = scoring.writtenBy === "prompt" ? task.prompt : task.completion;
      assert.ok(template.includes(scoring.trigger), name);
    }
  }
});

Deno.test("the means of the numbers that the paper reports are its averages", () => {
  const mean = (model: string) => {
    const found = Object.values(commonsense).map(({ reported }) => Number(reported?.loreft?.[model]));
    return Number((found.reduce((sum, each) => sum + each, 0) / found.length).toFixed(1));
  };
  assert.deepEqual(["LLaMA-7B", "LLaMA-13B", "Llama-2-7B", "Llama-3-8B"].map(mean), [80.2, 83.3, 81.8, 86.6]);
});

/** Converts a row to the hub's form. */
type Official = (row: Fields) => Fields;

const numberedAnswers = (row: Fields) => {
  const text = row["choices"] as readonly string[], label = text.map((_, at) => String(at));
  return { ...row, question_stem: row["question"], choices: { text, label }, answerKey: row["gold"] };
};

const rebuilt: readonly (readonly [keyof typeof commonsense, raw: string, built: string, Official])[] = [
  ["boolq", "raw/boolq.val", "commonsense/boolq.test", (row) => ({ ...row, answer: row["label"] === 1 })],
  ["winogrande", "raw/winogrande.val", "commonsense/winogrande.test", (row) => row],
  ["openbookqa", "raw/openbookqa.test", "commonsense/openbookqa.test", numberedAnswers],
];

for (const [name, raw, built, official] of rebuilt) {
  Deno.test({
    name: `the instructions of ${name} can be made from the official rows`,
    ignore: taskFolder === undefined,
    async fn() {
      const form: Official = (row) => commonsense[name].form.official(row)!;
      const made = (await readRows<Fields>(raw)).map(official).map(form);
      const texts = (rows: readonly Fields[]) => rows.map(({ instruction, answer }) => `${instruction} => ${answer}`);
      const theirs = new Set(texts(await readRows<Fields>(built)));
      const missing = texts(made).filter((text) => !theirs.has(text));
      assert.ok(made.length >= 500);
      assert.deepEqual(missing.slice(0, 3), [], `${missing.length} of ${made.length}`);
    },
  });
}
