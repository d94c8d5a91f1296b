/** Questions in the same words, counted in the data of ../shared. @module */
import assert from "node:assert/strict";
import type { Fields } from "../../../pipelines/data/files/raw_row.ts";
import { askedWords, labelledWords } from "../../../pipelines/tasks/asked_words.ts";
import { readRows, taskFolder } from "../../support/task_goldens.ts";

Deno.test("punctuation, spaces and case do not make a different question, and other words do", () => {
  const words = (question: string) => askedWords({ question }, "");
  assert.equal(
    words("A waiter had 22 customers in his section ."),
    words("a waiter had 22 customers in his  section."),
  );
  assert.notEqual(words("He had 22."), words("He had 23."));
  assert.equal(askedWords({ instruction: "Sum", input: "1, 2" }, "text"), "sum12");
  assert.equal(askedWords({}, "Übung!"), "übung");
  // A pair of texts differs if either text does.
  const pair = (question: string, sentence: string, label: number) =>
    labelledWords({ sentence, label, question, idx: 1 });
  assert.equal(pair("Who?", "It was he .", 0), pair("who", "It was he.", 1));
  assert.notEqual(pair("Who?", "It was he.", 0), pair("Who?", "It was she.", 0));
  assert.equal(pair("Who?", "It was he.", 0), "who itwashe");
});

Deno.test({
  name: "MAWPS' training rows contain the known numbers of test questions",
  ignore: taskFolder === undefined,
  async fn() {
    const asked = async (name: string) =>
      (await readRows<Fields>(`arithmetic/${name}`)).map((row) => askedWords(row, ""));
    const seen = new Set([...await asked("mawps.train"), ...await asked("mawps.valid")]);
    const counts = { mawps: 35, addsub: 357, multiarith: 548, singleeq: 476, gsm8k: 0 };
    for (const [name, count] of Object.entries(counts)) {
      assert.equal((await asked(`${name}.test`)).filter((words) => seen.has(words)).length, count, name);
    }
  },
});
