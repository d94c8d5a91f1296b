/**
 * Arithmetic in seven data sets, in the files of LLM-Adapters (Hu et al. 2023). The paper reports four: the questions of
 * AddSub, MultiArith and SingleEq are for the most part in the training rows too.
 *
 * @module
 */
import { barePrompt, responseTrigger } from "./alpaca.ts";
import type { Scorings, WritingTask } from "./task.ts";

/** LoReFT's accuracies of table 2. */
type ReportedPair = readonly [llama7b: number, llama13b: number];

function arithmeticTask(folder: string, theirs: Scorings["llm-adapters"], reported?: ReportedPair): WritingTask {
  return {
    kind: "writing",
    splits: {
      // The suite has one training set for all.
      train: { file: "math_10k/train.json", part: { kind: "all" } },
      test: { file: `${folder}/test.json`, part: { kind: "all" } },
    },
    prompt: barePrompt,
    // As it is, with its blanks.
    completion: "{output}",
    label: "answer",
    // The repository's command; the paper speaks of beams that are sampled at a temperature of 0.3.
    decoding: { kind: "greedy", maxNewTokens: 512 },
    scorings: {
      pyreft: { kind: "numberOrLetter", trigger: responseTrigger, writtenBy: "prompt" },
      ...theirs && { "llm-adapters": theirs },
    },
    ...reported && { reported: { loreft: { "LLaMA-7B": reported[0], "LLaMA-13B": reported[1] } } },
  };
}

/** The sets in the paper's order, those that it does not report last. */
export const arithmetic = {
  AQuA: arithmeticTask("AQuA", { kind: "firstOption", options: ["A", "B", "C", "D", "E"] }, [21.4, 23.6]),
  gsm8k: arithmeticTask("gsm8k", { kind: "lastNumber" }, [26.0, 38.1]),
  // LLM-Adapters' script refuses MAWPS.
  mawps: arithmeticTask("mawps", undefined, [76.2, 82.4]),
  SVAMP: arithmeticTask("SVAMP", { kind: "lastNumber" }, [46.8, 54.2]),
  MultiArith: arithmeticTask("MultiArith", { kind: "lastNumber" }),
  AddSub: arithmeticTask("AddSub", { kind: "lastNumber" }),
  SingleEq: arithmeticTask("SingleEq", { kind: "lastNumber" }),
};
