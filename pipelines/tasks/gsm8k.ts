/** GSM8K on its own (Cobbe et al. 2021), on which the paper chooses the settings for all other tasks. @module */
import type { Gsm8kName } from "./names.ts";
import type { WritingTask } from "./task.ts";

const trigger = "First think step by step and then answer the final number.\n";
const request = `Answer the above question. ${trigger}`;

/** The number of training rows among the official 7,473; settings are chosen on the others. */
const trained = 7173;

const namesOf = (split: string) => [
  `gsm8k.official.${split}`,
  `grade_school_math/data/${split}`,
  `main/${split}`,
  `gsm8k/${split}`,
  split,
];

/** The task as in pyreft; the paper's original code had another prompt, so that its results are not comparable. */
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

/** The space after the mark is kept, which gives two spaces; so are the calculator annotations. */
function taught(row: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...row, taught: String(row["answer"]).replaceAll("####", "The final answer is: ") };
}
