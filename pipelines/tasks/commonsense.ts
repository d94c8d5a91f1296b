/**
 * Commonsense reasoning in eight data sets, as LLM-Adapters (Hu et al. 2023) puts them into instructions and pyreft scores
 * them. What is called the test is the official validation split where the official test has no labels.
 *
 * @module
 */
import type { Fields, HubData, Measured, WritingTask } from "./task.ts";

/** Sets of answers: `answer1` to `answer5`, and so on. */
const numbered = (name: string, count: number) => Array.from({ length: count }, (_, at) => `${name}${at + 1}`);

/** A set's part that differs from set to set. */
interface CommonsenseSet {
  /** Its folder in LLM-Adapters' layout. */
  readonly folder: string;
  /** The answers that LLM-Adapters' rule looks for. */
  readonly options: readonly string[];
  readonly hub: HubData;
  /** What the hub calls the split that is tested on. */
  readonly tested: "validation" | "test";
  /** LoReFT's accuracies of table 1. */
  readonly reported: readonly [llama7b: number, llama13b: number, llama2: number, llama3: number];
}

const trigger = "the correct answer is ";

function commonsenseTask({ folder, options, hub, tested, reported }: CommonsenseSet): WritingTask {
  const [llama7b, llama13b, llama2, llama3] = reported;
  const loreft: Readonly<Record<string, Measured>> = {
    "LLaMA-7B": llama7b,
    "LLaMA-13B": llama13b,
    "Llama-2-7B": llama2,
    "Llama-3-8B": llama3,
  };
  return {
    kind: "writing",
    hub,
    splits: {
      train: { file: `${folder}/train.json`, hub: "train", part: { kind: "all" } },
      test: { file: `${folder}/test.json`, hub: tested, part: { kind: "all" } },
    },
    prompt: "{instruction}\n",
    completion: `${trigger}{answer}`,
    label: "answer",
    decoding: { kind: "greedy", maxNewTokens: 32 },
    scorings: {
      pyreft: { kind: "statedText", trigger, writtenBy: "model" },
      "llm-adapters": { kind: "firstOption", options },
    },
    reported: { loreft },
  };
}

/** A question and its numbered choices, of which the key is one's name. */
function multipleChoice(question: unknown, { text, label }: HubChoices, key: unknown): Fields {
  const answers = text.map((choice, at) => `Answer${at + 1}: ${choice}`).join(" ");
  const names = numbered("answer", text.length);
  return {
    instruction: `Please choose the correct answer to the question: ${question}\n\n${answers}\n\n` +
      `Answer format: ${names.join("/")}`,
    answer: names[label.indexOf(String(key))],
  };
}

/** Choices as ARC and OpenBookQA have them on the hub. */
interface HubChoices {
  readonly text: readonly string[];
  readonly label: readonly string[];
}

function arc(config: string): HubData {
  return {
    id: "allenai/ai2_arc",
    config,
    fields: ({ question, choices, answerKey }) => multipleChoice(question, choices as HubChoices, answerKey),
  };
}

/** The sets in the paper's order. */
export const commonsense = {
  boolq: commonsenseTask({
    folder: "boolq",
    options: ["true", "false"],
    hub: {
      id: "google/boolq",
      // The passage is omitted.
      fields: ({ question, answer }) => ({
        instruction: `Please answer the following question with true or false, question: ${question}?\n\n` +
          "Answer format: true/false",
        answer: String(answer),
      }),
    },
    tested: "validation",
    reported: [69.3, 72.1, 71.1, 75.1],
  }),
  piqa: commonsenseTask({
    folder: "piqa",
    options: numbered("solution", 2),
    hub: {
      id: "ybisk/piqa",
      fields: ({ goal, sol1, sol2, label }) => ({
        instruction: `Please choose the correct solution to the question: ${goal}\n\nSolution1: ${sol1}\n\n` +
          `Solution2: ${sol2}\n\nAnswer format: solution1/solution2`,
        answer: `solution${Number(label) + 1}`,
      }),
    },
    tested: "validation",
    reported: [84.4, 86.3, 83.8, 90.2],
  }),
  social_i_qa: commonsenseTask({
    folder: "social_i_qa",
    options: numbered("answer", 5),
    hub: {
      id: "allenai/social_i_qa",
      fields: ({ context, question, answerA, answerB, answerC, label }) => ({
        instruction: `Please choose the correct answer to the question: ${context} ${question}\n\n` +
          `Answer1: ${answerA} Answer2: ${answerB} Answer3: ${answerC}\n\nAnswer format: answer1/answer2/answer3`,
        answer: `answer${label}`,
      }),
    },
    tested: "validation",
    reported: [80.3, 81.8, 80.8, 82.0],
  }),
  hellaswag: commonsenseTask({
    folder: "hellaswag",
    options: numbered("ending", 4),
    hub: {
      id: "Rowan/hellaswag",
      fields: ({ activity_label, ctx, endings, label }) => {
        const listed = (endings as readonly string[]).map((ending, at) => `Ending${at + 1}: ${ending}`).join(" ");
        return {
          instruction: "Please choose the correct ending to complete the given sentence: " +
            `${activity_label}: ${ctx}\n\n${listed}\n\nAnswer format: ending1/ending2/ending3/ending4`,
          answer: `ending${Number(label) + 1}`,
        };
      },
    },
    tested: "validation",
    reported: [93.1, 95.1, 94.3, 96.3],
  }),
  winogrande: commonsenseTask({
    folder: "winogrande",
    options: numbered("option", 2),
    hub: {
      id: "allenai/winogrande",
      config: "winogrande_xl",
      fields: ({ sentence, option1, option2, answer }) => ({
        instruction: "Please choose the correct answer to fill in the blank to complete the given sentence: " +
          `${sentence}\n\nOption1: ${option1} Option2: ${option2} Answer format: option1/option2`,
        answer: `option${answer}`,
      }),
    },
    tested: "validation",
    reported: [84.2, 87.2, 84.5, 87.4],
  }),
  "ARC-Easy": commonsenseTask({
    folder: "ARC-Easy",
    options: numbered("answer", 5),
    hub: arc("ARC-Easy"),
    tested: "test",
    reported: [83.2, 86.2, 85.6, 92.4],
  }),
  "ARC-Challenge": commonsenseTask({
    folder: "ARC-Challenge",
    options: numbered("answer", 5),
    hub: arc("ARC-Challenge"),
    tested: "test",
    reported: [68.2, 73.7, 72.2, 81.6],
  }),
  openbookqa: commonsenseTask({
    folder: "openbookqa",
    options: numbered("answer", 5),
    hub: {
      id: "allenai/openbookqa",
      config: "main",
      fields: ({ question_stem, choices, answerKey }) =>
        multipleChoice(question_stem, choices as HubChoices, answerKey),
    },
    tested: "test",
    reported: [78.9, 84.2, 82.3, 87.5],
  }),
};
