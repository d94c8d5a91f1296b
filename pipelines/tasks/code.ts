/** Coding tasks: HumanEval (Chen et al. 2021) and MBPP (Austin et al. 2021) as in lm-evaluation-harness. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { RequestError } from "../common/errors.ts";
import { quote, suggest } from "../common/suggest.ts";
import type { CodeName } from "./names.ts";
import type { Fields } from "../data/files/raw_row.ts";
import type { CodeTask } from "./task.ts";

/** The tasks by their names in lm-evaluation-harness. */
export const code = {
  humaneval: {
    kind: "code",
    hub: { id: "openai/openai_humaneval" },
    form: { reads: ["task_id", "prompt", "entry_point", "test"] },
    splits: { test: { names: ["HumanEval"], hub: "test", part: { kind: "all" } } },
    prompt: "{prompt}",
    id: "task_id",
    decoding: { kind: "greedy", maxNewTokens: 1024, stop: ["\nclass", "\ndef", "\n#", "\nif", "\nprint"] },
    scorings: ["human-eval", "lm-eval"],
    tests: { prompt: "text", test: "text", entry_point: "text" },
    fault: ({ prompt, entry_point }) => entryPointFault(String(prompt), String(entry_point)),
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
    prompt:
      "You are an expert Python programmer, and here is your task: {text} Your code should pass these tests:\n\n" +
      "{tests}\n[BEGIN]\n",
    id: "task_id",
    decoding: { kind: "greedy", maxNewTokens: 256, stop: ["[DONE]"] },
    scorings: ["lm-eval"],
    // The harness's three examples, which are those of the paper (Austin et al. 2021, section 3).
    shots: {
      split: { names: ["mbpp"], hub: "prompt", part: { kind: "numbered", field: "task_id", from: 2, to: 4 } },
      count: 3,
      completion: "{code}\n[DONE]",
      separator: "\n\n",
    },
    tests: { test_list: "texts" },
    program: ({ test_list }, generation) => `${generation}\n${(test_list as readonly string[]).join("\n")}`,
    solution: "code",
  },
} satisfies Readonly<Record<CodeName, CodeTask>>;

/** Why tests can't call a function: the prompt must begin its definition, whatever the model generates. */
function entryPointFault(prompt: string, name: string): string | undefined {
  const isName = /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name);
  if (isName && new RegExp(`(?:def|class)\\s+${name}\\b`, "u").test(prompt)) return undefined;
  return `the problem's entry_point ${
    quote(name)
  } is not a function that its prompt begins; name the one that the tests call`;
}

/**
 * The task of this name if its answers are scored by running them.
 *
 * @throws {RequestError} If it has no such rule.
 */
export function codeTaskOf(name: string, scoring: string): CodeTask | undefined {
  const task: CodeTask | undefined = ownValue(code, name);
  if (task === undefined || task.scorings.includes(scoring)) return task;
  throw new RequestError(`the task ${quote(name)} has no rule ${quote(scoring)}; ${suggest(scoring, task.scorings)}`);
}
