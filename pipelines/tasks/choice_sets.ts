/**
 * Multiple-choice data sets: how their official rows are read, and how LLM-Adapters (Hu et al. 2023) and
 * lm-evaluation-harness 0.4.13 phrase them.
 *
 * @module
 */
import { ownValue } from "../../ops/program/own_value.ts";
import { RequestError } from "../common/errors.ts";
import { strip } from "../data/python/split.ts";
import { capitalize } from "../data/python/text_methods.ts";
import { type Asked, asked, askedOfContexts, hasFields, numberOf } from "./asked.ts";
import type { Fields } from "../data/files/raw_row.ts";
import type { HubData } from "./task.ts";

/** One data set; `Item` is the relevant content of a row. */
export interface ChoiceSet<Item> {
  readonly hub: HubData;
  /** The fields of official rows, for messages. */
  readonly fields: string;
  /**
   * Reads an official row; `undefined` if it is not one.
   *
   * @throws {RequestError} If its label is not one of its options.
   */
  read(row: Fields): Item | undefined;
  /** LLM-Adapters' instruction and the correct answer. */
  instruct(item: Item): { readonly instruction: string; readonly answer: string };
  /** The harness's question. */
  ask(item: Item): Asked;
  /** Whether its choices follow one context, or each end a context. */
  readonly choices: "answers" | "contexts";
}

/** A question with numbered choices. */
interface Question {
  readonly question: string;
  readonly choices: readonly string[];
  readonly gold: number;
}

const list = (name: string, choices: readonly string[]) =>
  choices.map((choice, at) => `${name}${at + 1}: ${choice}`).join(" ");
const formatOf = (name: string, choices: readonly string[]) => choices.map((_, at) => `${name}${at + 1}`).join("/");

/** Choices in the hub's format, or a list with the index of the correct one. */
function choicesOf(row: Fields): Omit<Question, "question"> | undefined {
  const { choices, gold, answerKey } = row;
  if (Array.isArray(choices) && gold !== undefined) {
    return { choices: choices.map(String), gold: numberOf(gold, [...choices.keys()]) };
  }
  if (typeof choices !== "object" || choices === null || answerKey === undefined) return undefined;
  const { text, label } = choices as { readonly text?: unknown; readonly label?: unknown };
  if (!Array.isArray(text) || !Array.isArray(label)) return undefined;
  return { choices: text.map(String), gold: numberOf(answerKey, label) };
}

/** In the original files of ARC and OpenBookQA, the stem and the list of choices are nested in the question. */
function flattened(row: Fields): Fields {
  const { question } = row;
  if (typeof question !== "object" || question === null) return row;
  const { stem, choices } = question as { readonly stem?: unknown; readonly choices?: unknown };
  if (typeof stem !== "string" || !Array.isArray(choices)) return row;
  const partOf = (name: string) => choices.map((choice) => ownValue(Object(choice) as Fields, name));
  return { ...row, question: stem, choices: { text: partOf("text"), label: partOf("label") } };
}

function instructed({ question, choices, gold }: Question) {
  return {
    instruction: `Please choose the correct answer to the question: ${question}\n\n${list("Answer", choices)}\n\n` +
      `Answer format: ${formatOf("answer", choices)}`,
    answer: `answer${gold + 1}`,
  };
}

/** ARC and OpenBookQA, which differ in the name of the question field and in the harness's context. */
function questionSet(hub: HubData, names: readonly string[], contextOf: (question: string) => string) {
  const set: ChoiceSet<Question> = {
    hub,
    fields: `${names[0]}, choices, answerKey`,
    read(official) {
      const row = flattened(official), name = names.find((each) => hasFields(row, [each])), found = choicesOf(row);
      return name === undefined || found === undefined
        ? undefined
        : { question: String(ownValue(row, name)), ...found };
    },
    instruct: instructed,
    ask: ({ question, choices, gold }) => asked(contextOf(question), choices, gold),
    choices: "answers",
  };
  return set;
}

const arcContext = (question: string) => `Question: ${question}\nAnswer:`;

const boolq: ChoiceSet<{ readonly passage?: string; readonly question: string; readonly isTrue: boolean }> = {
  hub: { id: "google/boolq" },
  fields: "passage, question, answer",
  read(row) {
    // Official rows have true or false, SuperGLUE's 1 or 0.
    const label = row["label"] ?? row["answer"];
    if (!hasFields(row, ["question"]) || label === undefined) return undefined;
    const isTrue = numberOf(label, typeof label === "boolean" ? [false, true] : [0, 1]) === 1;
    return {
      question: String(row["question"]),
      isTrue,
      ...hasFields(row, ["passage"]) && { passage: `${row["passage"]}` },
    };
  },
  // The passage is omitted.
  instruct: ({ question, isTrue }) => ({
    instruction: `Please answer the following question with true or false, question: ${question}?\n\n` +
      "Answer format: true/false",
    answer: String(isTrue),
  }),
  ask({ passage, question, isTrue }) {
    if (passage === undefined) throw new RequestError("the row has no passage for lm-eval to ask about; give it one");
    return asked(`${passage}\nQuestion: ${question}?\nAnswer:`, ["no", "yes"], Number(isTrue));
  },
  choices: "answers",
};

const piqa: ChoiceSet<Question> = {
  hub: { id: "ybisk/piqa" },
  fields: "goal, sol1, sol2, label",
  read(row) {
    if (!hasFields(row, ["goal", "sol1", "sol2", "label"])) return undefined;
    const choices = [String(row["sol1"]), String(row["sol2"])];
    return { question: String(row["goal"]), choices, gold: numberOf(row["label"], [0, 1]) };
  },
  instruct: ({ question, choices: [one, other], gold }) => ({
    instruction: `Please choose the correct solution to the question: ${question}\n\nSolution1: ${one}\n\n` +
      `Solution2: ${other}\n\nAnswer format: solution1/solution2`,
    answer: `solution${gold + 1}`,
  }),
  ask: ({ question, choices, gold }) => asked(arcContext(question), choices, gold),
  choices: "answers",
};

const social: ChoiceSet<Question> = {
  hub: { id: "allenai/social_i_qa" },
  fields: "context, question, answerA, answerB, answerC, label",
  read(row) {
    const answers = ["answerA", "answerB", "answerC"];
    if (!hasFields(row, ["context", "question", "label", ...answers])) return undefined;
    const choices = answers.map((name) => String(ownValue(row, name)));
    return { question: `${row["context"]} ${row["question"]}`, choices, gold: numberOf(row["label"], [1, 2, 3]) };
  },
  instruct: instructed,
  ask: ({ question, choices, gold }) => asked(`Q: ${question}\nA:`, choices, gold),
  choices: "answers",
};

/**
 * HellaSwag's texts as processed by the harness: WikiHow's markup is removed, and double spaces become single, once.
 */
function plain(text: string): string {
  return strip(text).replaceAll(" [title]", ". ").replace(/\[.*?\]/g, "").replaceAll("  ", " ");
}

const hellaswag: ChoiceSet<Question & { readonly begun?: string }> = {
  hub: { id: "Rowan/hellaswag" },
  fields: "activity_label, ctx_a, ctx_b, ctx, endings, label",
  read(row) {
    const { endings, activity_label: activity, ctx_a: first, ctx_b: second, label } = row;
    const isParted = hasFields(row, ["ctx_a", "ctx_b"]);
    if (!Array.isArray(endings) || activity === undefined || !(isParted || hasFields(row, ["ctx"]))) return undefined;
    const choices = endings.map(String), context = row["ctx"] ?? (second === "" ? first : `${first} ${second}`);
    return {
      question: `${activity}: ${context}`,
      choices,
      gold: numberOf(label, [...choices.keys()]),
      ...isParted && { begun: `${activity}: ${first} ${capitalize(String(second))}` },
    };
  },
  instruct: ({ question, choices, gold }) => ({
    instruction: "Please choose the correct ending to complete the given sentence: " +
      `${question}\n\n${list("Ending", choices)}\n\nAnswer format: ${formatOf("ending", choices)}`,
    answer: `ending${gold + 1}`,
  }),
  ask({ begun, choices, gold }) {
    if (begun === undefined) {
      throw new RequestError(
        "the row has no ctx_a and ctx_b, which lm-eval joins itself; use the official rows",
      );
    }
    return asked(plain(begun), choices.map(plain), gold);
  },
  choices: "answers",
};

const winogrande: ChoiceSet<Question> = {
  hub: { id: "allenai/winogrande", config: "winogrande_xl" },
  fields: "sentence, option1, option2, answer",
  read(row) {
    if (!hasFields(row, ["sentence", "option1", "option2", "answer"])) return undefined;
    const choices = [String(row["option1"]), String(row["option2"])];
    return { question: String(row["sentence"]), choices, gold: numberOf(row["answer"], [1, 2]) };
  },
  instruct: ({ question, choices, gold }) => ({
    instruction: "Please choose the correct answer to fill in the blank to complete the given sentence: " +
      `${question}\n\n${list("Option", choices)} Answer format: option1/option2`,
    answer: `option${gold + 1}`,
  }),
  ask({ question, choices, gold }) {
    const at = question.indexOf("_");
    if (at < 0) throw new RequestError("the sentence has no blank, _; correct it, or omit the row");
    return askedOfContexts(question.slice(0, at), choices, gold, strip(question.slice(at + 1)));
  },
  choices: "contexts",
};

/** Every data set that is in both LLM-Adapters and the harness. */
export const choiceSets = {
  boolq,
  piqa,
  social_i_qa: social,
  hellaswag,
  winogrande,
  "ARC-Easy": questionSet({ id: "allenai/ai2_arc", config: "ARC-Easy" }, ["question"], arcContext),
  "ARC-Challenge": questionSet({ id: "allenai/ai2_arc", config: "ARC-Challenge" }, ["question"], arcContext),
  openbookqa: questionSet(
    { id: "allenai/openbookqa", config: "main" },
    ["question_stem", "question"],
    (question) => question,
  ),
};
