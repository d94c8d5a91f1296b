/**
 * Rows of arithmetic sets as originally published, which LLM-Adapters (Hu et al. 2023) converts to instructions. Their
 * own solutions are trained on, in GSM8K's format: the reasoning, `#### ` and the number.
 *
 * @module
 */
import { ownValue } from "../../ops/program/own_value.ts";
import { strip } from "../data/python/split.ts";
import type { Fields } from "../data/files/raw_row.ts";
import { hasFields, numberOf } from "./asked.ts";
import type { ArithmeticName } from "./names.ts";
import type { RowForm } from "./task.ts";

/** How a set's original rows are read. */
export type OfficialForm = Required<Pick<RowForm, "official" | "officialFields">>;

/** GSM8K (Cobbe et al. 2021), whose solutions end with `#### ` and the number. */
const gsm8k: OfficialForm = {
  officialFields: "question, answer",
  official(row) {
    if (!hasFields(row, ["question", "answer"])) return undefined;
    const [, number] = /####\s*(\S+)\s*$/.exec(String(row["answer"])) ?? [];
    return number === undefined
      ? undefined
      : instructed(row, row["question"], row["answer"], number.replaceAll(",", ""));
  },
};

/** MAWPS (Koncel-Kedziorski et al. 2016), with the published field names or those of its copies. */
const mawps: OfficialForm = {
  officialFields: "question, equation, answer, or sQuestion, lEquations, lSolutions",
  official(row) {
    const question = firstOf(row, ["question", "sQuestion"]), equation = firstOf(row, ["equation", "lEquations"]);
    const answer = firstOf(row, ["answer", "lSolutions"]);
    if (question === undefined || equation === undefined || answer === undefined) return undefined;
    return instructed(row, question, solution(equation, answer), answer);
  },
};

/** SVAMP (Patel et al. 2021): a story that may lack its final period, and a question. */
const svamp: OfficialForm = {
  officialFields: "Body, Question, Equation, Answer",
  official(row) {
    if (!hasFields(row, ["Body", "Question", "Equation", "Answer"])) return undefined;
    const body = strip(String(row["Body"])), question = strip(String(row["Question"])), answer = row["Answer"];
    const story = /[.,?!]$/.test(body) ? body : `${body}.`;
    return instructed(row, `${story} ${question}`, solution(row["Equation"], answer), answer);
  },
};

/** AQuA (Ling et al. 2017): five options such as `A)36`, and the letter of the correct one. */
const aqua: OfficialForm = {
  officialFields: "question, options, rationale, correct",
  official(row) {
    const { question, options, rationale, correct } = row;
    if (!hasFields(row, ["question", "options", "rationale", "correct"]) || !Array.isArray(options)) return undefined;
    const parts = options.map((option) => /^\(?([A-E])\)\s*(.*)$/s.exec(String(option)));
    if (parts.some((part) => part === null)) return undefined;
    numberOf(correct, parts.map((part) => part![1]));
    const choices = parts.map((part) => `(${part![1]}) ${part![2]}`).join(" ");
    return instructed(row, `${question} Answer Choices: ${choices}`, rationale, correct);
  },
};

/** The sets with original rows; the others exist only in LLM-Adapters' format. */
export const officialRows = { AQuA: aqua, gsm8k, mawps, SVAMP: svamp } satisfies Readonly<
  Partial<Record<ArithmeticName, OfficialForm>>
>;

const instructed = (row: Fields, instruction: unknown, output: unknown, answer: unknown): Fields => {
  return { ...row, instruction, output, answer: String(answer) };
};

const solution = (equation: unknown, answer: unknown) => `${equation}\n#### ${answer}`;

/** The first of these fields that a row has; for a list with one item, the item. */
function firstOf(row: Fields, names: readonly string[]): unknown {
  const name = names.find((each) => hasFields(row, [each])), value = name === undefined ? name : ownValue(row, name);
  return Array.isArray(value) ? value[0] : value;
}
