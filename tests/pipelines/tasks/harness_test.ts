/** Requests for choices, compared with those of lm-evaluation-harness 0.4.13 in ../shared. @module */
import assert from "node:assert/strict";
import type { Fields } from "../../../pipelines/data/files/raw_row.ts";
import { tasks } from "../../../pipelines/tasks/mod.ts";
import type { TaskName } from "../../../pipelines/tasks/names.ts";
import type { Harness } from "../../../pipelines/tasks/task.ts";
import { readGolden, taskFolder } from "../../support/task_goldens.ts";

/** A document of one of the harness's tasks. */
interface Document {
  readonly doc: Fields;
  readonly requests: readonly (readonly [context: string, continuation: string])[];
  readonly gold: number;
}

/** Tasks by the harness's names. */
const names: Readonly<Record<string, TaskName>> = {
  boolq: "boolq",
  piqa: "piqa",
  social_iqa: "social_i_qa",
  hellaswag: "hellaswag",
  winogrande: "winogrande",
  arc_easy: "ARC-Easy",
  arc_challenge: "ARC-Challenge",
  openbookqa: "openbookqa",
  race: "race",
};

function harnessOf(name: TaskName): Harness {
  const task = tasks[name];
  assert.ok((task.kind === "writing" || task.kind === "choosing") && task.harness !== undefined);
  return task.harness;
}

for (const [theirs, name] of Object.entries(names)) {
  Deno.test({
    name: `the requests of ${name} match the harness`,
    ignore: taskFolder === undefined,
    async fn() {
      const { tasks } = await readGolden<
        { readonly tasks: Readonly<Record<string, { readonly docs: readonly Document[] }>> }
      >(
        "lm_eval",
      );
      const { docs } = tasks[theirs]!;
      assert.ok(docs.length >= 3);
      for (const { doc, requests, gold } of docs) {
        const asked = harnessOf(name).ask(doc)!;
        assert.equal(asked.gold, gold);
        assert.equal(asked.right, asked.choices[gold]);
        const made = asked.choices.map((choice) => {
          return asked.rest === undefined
            ? [asked.context, asked.separator + choice]
            : [asked.context + choice, asked.rest];
        });
        // White space at a context's end belongs to the continuation, where the harness moves it, too.
        const moved = requests.map(([context, continuation]) => {
          const bare = context.trimEnd();
          return [bare, context.slice(bare.length) + continuation];
        });
        assert.deepEqual(made, moved);
      }
    },
  });
}

Deno.test("white space at a context's end is scored with what follows it, and does not count in a choice's length", () => {
  const { ask } = harnessOf("openbookqa");
  const asked = ask({
    question_stem: "It is  ",
    choices: { text: ["one", "two"], label: ["A", "B"] },
    answerKey: "B",
  })!;
  assert.deepEqual(asked, { context: "It is", separator: "   ", choices: ["one", "two"], gold: 1, right: "two" });
});

Deno.test("a label that is not among its options is an error, and rows of another form are not read", () => {
  const choices = { text: ["one", "two"], label: ["A", "B"] };
  const { ask } = harnessOf("ARC-Easy");
  assert.throws(
    () => ask({ question: "Which?", choices, answerKey: "E" }),
    /the row's label "E" is not one of its options, "A", "B"/,
  );
  assert.equal(ask({ instruction: "Which?", answer: "answer1" }), undefined);
});

Deno.test("RACE's options may be the text of a Python list", () => {
  const problems = `[{'question': "What's it?", 'answer': 'B', 'options': ['A \\'b\\'', "it's", 'c', 'd']}, ` +
    `{'question': 'So  _  .', 'answer': 'A', 'options': ['x', 'y', 'z', 'w']}, ` +
    `{'question': 'Last?', 'answer': 'D', 'options': ['1', '2', '3', '4']}]`;
  const asked = harnessOf("race").ask({ article: "Text.", problems })!;
  assert.equal(asked.context, "Article: Text.\n\nQuestion: What's it?\nAnswer: it's\nSo x\nLast?");
  assert.deepEqual([asked.choices, asked.gold], [["1", "2", "3", "4"], 3]);
});
