/**
 * Arithmetic in seven data sets, in the files of LLM-Adapters (Hu et al. 2023). The paper reports four: most questions
 * of AddSub, MultiArith and SingleEq are also in the training rows.
 *
 * @module
 */
import { barePrompt, responseTrigger } from "./alpaca.ts";
import { type OfficialForm, officialRows } from "./arithmetic_rows.ts";
import type { ArithmeticName } from "./names.ts";
import type { ScoringSpec } from "./scoring/scoring.ts";
import type { PaperMethod, Reported, WritingTask } from "./task.ts";

/** A set's accuracies in table 2. */
type Pair = readonly [llama7b: number, llama13b: number];

/** The properties that differ between sets. */
interface ArithmeticSet {
  /** Its folder in LLM-Adapters' layout. */
  readonly folder: string;
  /** LLM-Adapters' rule, if its script supports the set. */
  readonly theirs?: ScoringSpec;
  /** The set's own training rows; the paper trains on math_10k, which includes them. */
  readonly trained?: readonly string[];
  readonly official?: OfficialForm;
  readonly reported?: Readonly<Record<PaperMethod, Pair>>;
}

function arithmeticTask({ folder, theirs, trained = [], official, reported }: ArithmeticSet) {
  return {
    kind: "writing",
    form: { reads: ["instruction", "answer"], ...official },
    splits: {
      // The suite has one training set for all tasks; `mixed` uses the sets' own.
      train: {
        names: [...trained, "math_10k/train", "math_10k", "ft-training_set/math_10k"],
        part: { kind: "all" },
      },
      test: { names: [`${folder}/test`, `${folder}.test`], part: { kind: "all" } },
    },
    prompt: barePrompt,
    // Unchanged, with its spaces.
    completion: "{output}",
    expected: "{answer}",
    label: "answer",
    // As in the repository's command; the paper describes beam sampling at a temperature of 0.3.
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

/** The sets in the paper's order, with those that it does not report last. */
export const arithmetic = {
  AQuA: arithmeticTask({
    folder: "AQuA",
    theirs: { kind: "firstOption", options: ["A", "B", "C", "D", "E"] },
    official: officialRows.AQuA,
    reported: { loreft: [21.4, 23.6], direft: [21.3, 20.5], lora: [18.9, 18.5] },
  }),
  gsm8k: arithmeticTask({
    folder: "gsm8k",
    theirs: { kind: "lastNumber" },
    trained: ["gsm8k.official.train", "grade_school_math/data/train", "main/train"],
    official: officialRows.gsm8k,
    reported: { loreft: [26.0, 38.1], direft: [24.1, 35.8], lora: [37.5, 47.5] },
  }),
  // LLM-Adapters' script refuses MAWPS.
  mawps: arithmeticTask({
    folder: "mawps",
    trained: ["mawps/trainset", "mawps.train"],
    official: officialRows.mawps,
    reported: { loreft: [76.2, 82.4], direft: [74.5, 80.8], lora: [79.0, 83.6] },
  }),
  SVAMP: arithmeticTask({
    folder: "SVAMP",
    theirs: { kind: "lastNumber" },
    official: officialRows.SVAMP,
    reported: { loreft: [46.8, 54.2], direft: [42.7, 54.8], lora: [52.1, 54.6] },
  }),
  MultiArith: arithmeticTask({ folder: "MultiArith", theirs: { kind: "lastNumber" } }),
  AddSub: arithmeticTask({ folder: "AddSub", theirs: { kind: "lastNumber" } }),
  SingleEq: arithmeticTask({ folder: "SingleEq", theirs: { kind: "lastNumber" } }),
} satisfies Readonly<Record<ArithmeticName, WritingTask>>;
