/** Programs: HumanEval (Chen et al. 2021) and MBPP (Austin et al. 2021) as lm-evaluation-harness asks for them. @module */
import type { CodeName } from "./names.ts";
import type { Fields } from "../data/files/raw_row.ts";
import type { CodeTask } from "./task.ts";

/** The tasks by the names that lm-evaluation-harness has for them. */
export const code = {
  humaneval: {
    kind: "code",
    hub: { id: "openai/openai_humaneval" },
    form: { reads: ["task_id", "prompt", "entry_point", "test"] },
    splits: { test: { names: ["HumanEval"], hub: "test", part: { kind: "all" } } },
    prompt: "{prompt}",
    id: "task_id",
    decoding: { kind: "greedy", maxNewTokens: 1024, stop: ["\nclass", "\ndef", "\n#", "\nif", "\nprint"] },
    program: ({ prompt, test, entry_point }, generation) => `${prompt}${generation}\n${test}\ncheck(${entry_point})`,
    solution: "canonical_solution",
  },
  mbpp: {
    kind: "code",
    hub: { id: "google-research-datasets/mbpp", config: "full" },
    form: { reads: ["task_id", "text", "test_list"] },
    fields: (row: Fields) => ({ ...row, tests: (row["test_list"] as readonly string[]).join("\n") }),
    splits: {
      train: { names: ["mbpp"], hub: "train", part: { kind: "numbered", field: "task_id", from: 601, to: 974 } },
      validation: {
        names: ["mbpp"],
        hub: "validation",
        part: { kind: "numbered", field: "task_id", from: 511, to: 600 },
      },
      test: { names: ["mbpp"], hub: "test", part: { kind: "numbered", field: "task_id", from: 11, to: 510 } },
    },
    // The harness puts the solutions of problems 2, 3 and 4 before it.
    prompt:
      "You are an expert Python programmer, and here is your task: {text} Your code should pass these tests:\n\n" +
      "{tests}\n[BEGIN]\n",
    id: "task_id",
    decoding: { kind: "greedy", maxNewTokens: 256, stop: ["[DONE]"] },
    program: ({ test_list }, generation) => `${generation}\n${(test_list as readonly string[]).join("\n")}`,
    solution: "code",
  },
} satisfies Readonly<Record<CodeName, CodeTask>>;
