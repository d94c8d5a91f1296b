/**
 * The tasks of the ReFT paper's evaluation suites, one record each. Only the record knows a task's rows, prompts and
 * scoring.
 *
 * @module
 */
import { ownValue } from "../../ops/program/own_value.ts";
import { RequestError } from "../common/errors.ts";
import { quote, suggest } from "../common/suggest.ts";
import type { ScoringSpec } from "./scoring/scoring.ts";
import { arithmetic } from "./arithmetic.ts";
import { code } from "./code.ts";
import { commonsense } from "./commonsense.ts";
import { glue } from "./glue.ts";
import { gsm8k } from "./gsm8k.ts";
import { instruct } from "./instruct.ts";
import type { TaskName } from "./names.ts";
import { reading } from "./reading.ts";
import type { Scorings, Task } from "./task.ts";

/** Every task. */
export const tasks: Readonly<Record<TaskName, Task>> = {
  ...commonsense,
  ...arithmetic,
  ...gsm8k,
  ...instruct,
  ...glue,
  ...code,
  ...reading,
};

/**
 * A task's rule.
 *
 * @throws {RequestError} If there is no such task, or no such rule was published for it.
 */
export function scoringOf(task: string, scoring: string): ScoringSpec {
  const known = ownValue(tasks, task);
  if (known === undefined) throw new RequestError(`there is no task ${quote(task)}; ${suggest(task, scored)}`);
  const scorings: Readonly<Record<string, ScoringSpec>> = scoringsOf(known);
  const found = ownValue(scorings, scoring);
  if (found !== undefined) return found;
  const names = Object.keys(scorings),
    remedy = names.length === 0 ? `texts can be scored for ${scored.map(quote).join(", ")}` : suggest(scoring, names);
  throw new RequestError(`the task ${quote(task)} has no rule ${quote(scoring)}; ${remedy}`);
}

const scoringsOf = (task: Task): Scorings => task.kind === "writing" ? task.scorings : {};

/** The tasks whose texts can be scored. */
const scored = Object.entries(tasks)
  .filter(([, task]) => task.kind === "code" || Object.keys(scoringsOf(task)).length > 0)
  .map(([name]) => name);
