/** GSM8K by itself (Cobbe et al. 2021), on which the paper chooses the settings of all other tasks. @module */
import type { Gsm8kName } from "./names.ts";
import type { WritingTask } from "./task.ts";

const trigger = "First think step by step and then answer the final number.\n";
const request = `Answer the above question. ${trigger}`;

/** Rows of the official 7,473 that are trained on; settings are chosen on the others. */
const trained = 7173;

const namesOf = (split: string) => [
  `gsm8k.official.${split}`,
  `grade_school_math/data/${split}`,
  `main/${split}`,
  `gsm8k/${split}`,
  split,
];

/** The task as pyreft has it; the paper's own code had another prompt, so that the two can't be compared. */
export const gsm8k = {
  gsm8k_own: {
    kind: "writing",
    hub: { id: "openai/gsm8k", config: "main" },
    form: { reads: ["question", "answer"] },
    fields: taught,
    splits: {
      train: { names: namesOf("train"), hub: "train", part: { kind: "first", count: trained } },
      validation: { names: namesOf("train"), hub: "train", part: { kind: "afterFirst", count: trained } },
      test: { names: namesOf("test"), hub: "test", part: { kind: "all" } },
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
} satisfies Readonly<Record<Gsm8kName, WritingTask>>;

/** The blank after the mark stays, so that there are two; so do the marks of the calculator. */
function taught(row: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...row, taught: String(row["answer"]).replaceAll("####", "The final answer is: ") };
}
