/**
 * Arithmetic in seven data sets, in the files of LLM-Adapters (Hu et al. 2023). The paper reports four: the questions of
 * AddSub, MultiArith and SingleEq are for the most part in the training rows too.
 *
 * @module
 */
import { barePrompt, responseTrigger } from "./alpaca.ts";
import { hasFields } from "./asked.ts";
import type { ArithmeticName } from "./names.ts";
import type { Fields } from "../data/files/raw_row.ts";
import type { PaperMethod, Reported, RowForm, Scorings, WritingTask } from "./task.ts";

/** A set's accuracies of table 2. */
type Pair = readonly [llama7b: number, llama13b: number];

const instructions: RowForm = { reads: ["instruction", "answer"] };

function arithmeticTask(
  folder: string,
  theirs: Scorings["llm-adapters"],
  reported?: Readonly<Record<PaperMethod, Pair>>,
  form: RowForm = instructions,
) {
  return {
    kind: "writing",
    form,
    splits: {
      // The suite has one training set for all.
      train: { names: ["math_10k/train", "math_10k", "ft-training_set/math_10k"], part: { kind: "all" } },
      test: { names: [`${folder}/test`, `${folder}.test`], part: { kind: "all" } },
    },
    prompt: barePrompt,
    // As it is, with its blanks.
    completion: "{output}",
    expected: "{answer}",
    label: "answer",
    // The repository's command; the paper speaks of beams that are sampled at a temperature of 0.3.
    decoding: { kind: "greedy", maxNewTokens: 512 },
    scorings: {
      pyreft: { kind: "numberOrLetter", trigger: responseTrigger, writtenBy: "prompt" },
      ...theirs && { "llm-adapters": theirs },
    },
    ...reported && { reported: reportedOf(reported) },
  } as const satisfies WritingTask;
}

function reportedOf(reported: Readonly<Record<PaperMethod, Pair>>): Reported {
  const byModel = ([small, large]: Pair) => ({ "LLaMA-7B": small, "LLaMA-13B": large });
  return { loreft: byModel(reported.loreft), direft: byModel(reported.direft), lora: byModel(reported.lora) };
}

/** GSM8K's own rows, whose solutions end with `#### ` and the number. */
function officialGsm8k(row: Fields): Fields | undefined {
  if (!hasFields(row, ["question", "answer"])) return undefined;
  const [, number] = /####\s*(\S+)\s*$/.exec(String(row["answer"])) ?? [];
  return number === undefined ? undefined : {
    ...row,
    instruction: row["question"],
    output: row["answer"],
    answer: number.replaceAll(",", ""),
  };
}

/** The sets in the paper's order, those that it does not report last. */
export const arithmetic = {
  AQuA: arithmeticTask("AQuA", { kind: "firstOption", options: ["A", "B", "C", "D", "E"] }, {
    loreft: [21.4, 23.6],
    direft: [21.3, 20.5],
    lora: [18.9, 18.5],
  }),
  gsm8k: arithmeticTask("gsm8k", { kind: "lastNumber" }, {
    loreft: [26.0, 38.1],
    direft: [24.1, 35.8],
    lora: [37.5, 47.5],
  }, { ...instructions, official: officialGsm8k, officialFields: "question, answer" }),
  // LLM-Adapters' script refuses MAWPS.
  mawps: arithmeticTask("mawps", undefined, {
    loreft: [76.2, 82.4],
    direft: [74.5, 80.8],
    lora: [79.0, 83.6],
  }),
  SVAMP: arithmeticTask("SVAMP", { kind: "lastNumber" }, {
    loreft: [46.8, 54.2],
    direft: [42.7, 54.8],
    lora: [52.1, 54.6],
  }),
  MultiArith: arithmeticTask("MultiArith", { kind: "lastNumber" }),
  AddSub: arithmeticTask("AddSub", { kind: "lastNumber" }),
  SingleEq: arithmeticTask("SingleEq", { kind: "lastNumber" }),
} satisfies Readonly<Record<ArithmeticName, WritingTask>>;
