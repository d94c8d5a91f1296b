/** GSM8K by itself (Cobbe et al. 2021), on which the paper chooses the settings of all other tasks. @module */
import type { WritingTask } from "./task.ts";

const trigger = "First think step by step and then answer the final number.\n";
const request = `Answer the above question. ${trigger}`;

/** Rows of the official 7,473 that are trained on; settings are chosen on the others. */
const trained = 7173;

/** The task as pyreft has it; the paper's own code had another prompt, so that the two can't be compared. */
export const gsm8k = {
  gsm8k_own: {
    kind: "writing",
    hub: { id: "openai/gsm8k", config: "main" },
    fields: taught,
    splits: {
      train: { file: "train.jsonl", hub: "train", part: { kind: "first", count: trained } },
      validation: { file: "train.jsonl", hub: "train", part: { kind: "afterFirst", count: trained } },
      test: { file: "test.jsonl", hub: "test", part: { kind: "all" } },
    },
    prompt: `{question}\n${request}`,
    completion: "{taught}",
    label: "answer",
    decoding: { kind: "greedy", maxNewTokens: 256 },
    scorings: {
      pyreft: { kind: "numberOfSolution", trigger, writtenBy: "prompt" },
      "lm-eval-strict": { kind: "harnessNumber", found: "strict" },
      "lm-eval-flexible": { kind: "harnessNumber", found: "flexible" },
    },
  },
} satisfies Readonly<Record<string, WritingTask>>;

/** The blank after the mark stays, so that there are two; so do the marks of the calculator. */
function taught(row: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...row, taught: String(row["answer"]).replaceAll("####", "The final answer is: ") };
}
