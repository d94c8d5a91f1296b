/**
 * The rules by which texts are judged, on cases listed here and on those in ../shared with the libraries' verdicts.
 *
 * @module
 */
import assert from "node:assert/strict";
import { floatOf, lastNumber } from "../../../../pipelines/data/python/numbers.ts";
import { scoringOf } from "../../../../pipelines/tasks/mod.ts";
import { judge } from "../../../../pipelines/tasks/scoring/mod.ts";
import type { Answered } from "../../../../pipelines/tasks/scoring/scoring.ts";
import { readGolden, taskFolder } from "../../../support/task_goldens.ts";

/** The verdict of a rule on a text: the answer, with infinity as Python prints it, and whether it is correct. */
function judged(task: string, scoring: string, answered: Answered): readonly [string | number, boolean] {
  const { extracted, correct } = judge(scoringOf(task, scoring), answered);
  return [typeof extracted === "number" && !Number.isFinite(extracted) ? "inf" : extracted, correct];
}

const stated = "the correct answer is ";

/** Task, rule, text, label, answer, whether it is correct. */
const cases: readonly (readonly [string, string, string, string, string | number, boolean])[] = [
  ["boolq", "pyreft", `${stated}true\x85`, "\x1ctrue", "true\x85", true],
  ["boolq", "pyreft", `${stated}true\ufeff`, "true", "true\ufeff", false],
  ["boolq", "pyreft", `${stated}true.`, "true", "true.", false],
  ["boolq", "pyreft", "The correct answer is true", "true", "", false],
  ["boolq", "llm-adapters", "TRUE, that is: falsehood", "false", "false", true],
  ["boolq", "llm-adapters", "true", " true", "true", false],
  ["winogrande", "llm-adapters", "option3", "option3", "", false],
  ["ARC-Easy", "llm-adapters", "answer5", "answer5", "answer5", true],
  ["AQuA", "pyreft", "Answer: C", "C", "A", false],
  ["AQuA", "pyreft", "c", "", "", true],
  ["AQuA", "llm-adapters", "Because of C", "B", "B", true],
  ["SVAMP", "pyreft", "15.001", "15", 15.001, true],
  ["SVAMP", "pyreft", "144.001", "144", 144.001, false],
  ["SVAMP", "pyreft", "१५", "1_5", 15, true],
  ["SVAMP", "pyreft", "none", "inf", "inf", false],
  ["SVAMP", "pyreft", "1/2", "1/2", "", false],
  ["gsm8k", "llm-adapters", "18 (2 steps)", "18", 2, false],
  ["gsm8k_own", "pyreft", "$1,234.", "x #### 9 #### 1,234", 1234, true],
  ["gsm8k_own", "lm-eval-strict", "#### 1,234. #### 5", "So.\n#### 1234", "1,234.", true],
  ["gsm8k_own", "lm-eval-strict", "1234", "#### 1234", "[invalid]", false],
  ["gsm8k_own", "lm-eval-flexible", "It is $18.00, or 7", "#### 7", "7", true],
  ["gsm8k_own", "lm-eval-flexible", "18...", "#### 18", "18...", false],
];

Deno.test("texts are judged by the published rules", () => {
  for (const [task, scoring, generation, label, extracted, correct] of cases) {
    assert.deepEqual(judged(task, scoring, { generation, label }), [extracted, correct], `${task}: ${generation}`);
  }
});

Deno.test("a trigger is searched for in the prompt, too, and its first occurrence counts", () => {
  const prompt = "### Instruction:\nWrite ### Response: 3\n\n### Response:\n";
  assert.deepEqual(judged("SVAMP", "pyreft", { prompt, generation: "none", label: "3" }), [3, true]);
  assert.deepEqual(judged("SVAMP", "pyreft", { prompt: "no trigger", generation: "3", label: "3" }), ["inf", false]);
});

Deno.test("invalid labels, and rules that a task does not have, are reported", () => {
  const message = (act: () => unknown) => {
    try {
      return act();
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.match(
    String(message(() => judged("SVAMP", "llm-adapters", { generation: "1", label: "1/2" }))),
    /^the label "1\/2" is not a number/,
  );
  assert.match(
    String(message(() => scoringOf("mawps", "llm-adapters"))),
    /^the task "mawps" has no rule "llm-adapters"/,
  );
  assert.match(String(message(() => scoringOf("constructor", "pyreft"))), /^there is no task "constructor"/);
  assert.match(String(message(() => scoringOf("boolq", "toString"))), /^the task "boolq" has no rule "toString"/);
  assert.match(String(message(() => scoringOf("cola", "pyreft"))), /; texts can be scored for "boolq", /);
});

/** A text with its verdict. */
interface Golden extends Answered {
  readonly task: string;
  readonly extracted: string | number;
  readonly correct: boolean;
}

const pyreftTasks = [
  ...["boolq", "piqa", "social_i_qa", "hellaswag", "winogrande", "ARC-Easy", "ARC-Challenge", "openbookqa"],
  ...["MultiArith", "gsm8k", "SVAMP", "mawps", "AddSub", "SingleEq", "AQuA", "gsm8k_own"],
];

for (const task of pyreftTasks) {
  Deno.test({
    name: `texts are judged as pyreft judges them: ${task}`,
    ignore: taskFolder === undefined,
    async fn() {
      const { cases } = await readGolden<{ readonly cases: readonly Golden[] }>(`pyreft.${task}`);
      assert.ok(cases.length > 30);
      for (const { prompt, generation, label, extracted, correct } of cases) {
        const answered = { ...prompt === undefined ? {} : { prompt }, generation, label };
        assert.deepEqual(judged(task, "pyreft", answered), [extracted, correct], JSON.stringify(answered));
      }
    },
  });
}

Deno.test({
  name: "texts are judged as LLM-Adapters judges them",
  ignore: taskFolder === undefined,
  async fn() {
    const { cases } = await readGolden<{ readonly cases: readonly Golden[] }>("llm_adapters");
    assert.ok(cases.length > 600);
    for (const { task, generation, label, extracted, correct } of cases) {
      const what = JSON.stringify([task, generation, label]);
      assert.deepEqual(judged(task, "llm-adapters", { generation, label }), [extracted, correct], what);
    }
  },
});

/** Calls of pyreft's functions and their results. */
interface Functions {
  readonly is_float: readonly (readonly [string, boolean])[];
  readonly extract_answer_number: readonly (readonly [string, number | "inf"])[];
  readonly extract_answer_letter: readonly (readonly [string, string])[];
  readonly extract_output: readonly (readonly [string, string, string])[];
}

Deno.test({
  name: "pyreft's functions agree with their counterparts",
  ignore: taskFolder === undefined,
  async fn() {
    const golden = await readGolden<Functions>("pyreft.functions");
    for (const [text, is] of golden.is_float) assert.equal(floatOf(text) !== undefined, is, JSON.stringify(text));
    for (const [text, number] of golden.extract_answer_number) {
      assert.deepEqual(lastNumber(text) ?? Infinity, number === "inf" ? Infinity : number, JSON.stringify(text));
    }
    for (const [text, letter] of golden.extract_answer_letter) {
      assert.equal(judged("AQuA", "pyreft", { generation: text, label: "A" })[0], letter, JSON.stringify(text));
    }
    for (const [generation, trigger, output] of golden.extract_output) {
      const { extracted } = judge({ kind: "statedText", trigger, writtenBy: "model" }, { generation, label: "" });
      // pyreft leaves a text without a trigger unchanged, but every task has one.
      if (trigger !== "") assert.equal(extracted, output, JSON.stringify([generation, trigger]));
    }
  },
});

/** A text with the results of lm-evaluation-harness' filters for GSM8K. */
interface Filtered {
  readonly generation: string;
  readonly label: string;
  readonly strict: string;
  readonly strict_match: number;
  readonly flexible: string;
  readonly flexible_match: number;
}

Deno.test({
  name: "GSM8K is judged as lm-evaluation-harness judges it",
  ignore: taskFolder === undefined,
  async fn() {
    const { gsm8k_filters: { cases } } = await readGolden<
      { readonly gsm8k_filters: { readonly cases: readonly Filtered[] } }
    >("lm_eval");
    assert.ok(cases.length > 40);
    for (const { generation, label, ...golden } of cases) {
      const strict = judged("gsm8k_own", "lm-eval-strict", { generation, label });
      const flexible = judged("gsm8k_own", "lm-eval-flexible", { generation, label });
      assert.deepEqual(
        [strict, flexible],
        [[golden.strict, golden.strict_match === 1], [golden.flexible, golden.flexible_match === 1]],
        JSON.stringify(generation),
      );
    }
  },
});
