/** How a task is measured: rows, decoding and metrics of an evaluation. @module */
import { RequestError } from "../common/errors.ts";
import { quote, suggest } from "../common/suggest.ts";
import type { MetricName } from "../metrics/declared.ts";
import type { Dataset } from "../data/dataset.ts";
import type { DecodingSpec, MetricSpec, TaskSpec } from "../spec/mod.ts";
import { harnessRows, type RowsFrom, splitRows } from "./split_rows.ts";
import type { Harness, HeadTask, ScoringName, Task } from "./task.ts";

/** What an evaluation of a task takes. */
interface Evaluation {
  readonly data: Dataset;
  readonly decoding?: DecodingSpec;
  readonly metrics: readonly MetricSpec[];
  readonly task: TaskSpec;
}

/** The rule by which the paper's own numbers were made, and the harness's. */
const usual = "pyreft", harness = "lm-eval";

/**
 * An evaluation of a task by a published rule.
 *
 * @param scoring Whose rule it is; the one that the task's own numbers were made by if `undefined`.
 * @throws {RequestError} If the rule was never published for the task.
 */
export function evaluationOf(
  suite: string,
  name: string,
  task: Task,
  scoring: ScoringName | typeof harness | undefined,
  from: RowsFrom,
): Evaluation {
  const of = (scoring: string, metric: string): TaskSpec => ({ kind: "task", suite, name, scoring, metric });
  const test = () => splitRows(name, task, "test", from);
  if (scoring === harness || task.kind === "choosing") {
    const asked = "harness" in task ? task.harness : undefined;
    if (asked === undefined) throw noRule(name, scoring ?? harness, rulesOf(task));
    if (scoring !== undefined && scoring !== harness) throw noRule(name, scoring, rulesOf(task));
    return { ...chosen(asked), data: harnessRows(name, task, asked, from), task: of(harness, "acc") };
  }
  if (scoring !== undefined && !rulesOf(task).includes(scoring)) throw noRule(name, scoring, rulesOf(task));
  switch (task.kind) {
    case "writing": {
      const by = scoring ?? usual, rule = task.scorings[by];
      if (rule === undefined) throw noRule(name, by, rulesOf(task));
      const metric: MetricSpec = { kind: "taskAccuracy", scoring: by, rule, label: task.label };
      return { data: test(), decoding: task.decoding, metrics: [metric], task: of(by, by) };
    }
    case "head":
      return { data: test(), metrics: headMetrics(task), task: of(usual, task.best) };
    case "instruction": {
      // What is written is compared by a judge; what can be said without one is how long it is.
      const length: MetricSpec = {
        kind: "metric",
        name: "avg_length",
        measure: (answer) => [...String(answer)].length,
        lowerIsBetter: false,
        unit: "characters",
        reads: "answers",
      };
      return { data: test(), decoding: task.decoding, metrics: [length], task: of("alpaca-eval", "win_rate") };
    }
    case "code":
      throw new RequestError(
        `answers to ${name} are programs, and what runs them is declared apart; take its test rows`,
      );
  }
}

/** The rules of a task by name. */
function rulesOf(task: Task): readonly string[] {
  switch (task.kind) {
    case "writing":
      return [...Object.keys(task.scorings), ...task.harness === undefined ? [] : [harness]];
    case "choosing":
      return [harness];
    case "head":
      return [usual];
    case "instruction":
    case "code":
      return [];
  }
}

function noRule(name: string, scoring: string, rules: readonly string[]): RequestError {
  return new RequestError(`the task ${quote(name)} has no rule ${quote(scoring)}; ${suggest(scoring, rules)}`);
}

/** The harness's metrics; `acc_norm` divides by characters, and where choices are contexts the same text is scored. */
function chosen({ choices }: Harness): Pick<Evaluation, "decoding" | "metrics"> {
  const accuracy = (name: string, by: "sum" | "character" | "byte"): MetricSpec => {
    return { kind: "accuracy", name, by, gold: "gold" };
  };
  const shared = { kind: "choices", options: "choices", end: false } as const;
  return choices === "contexts"
    ? { decoding: { ...shared, continuation: "{rest}" }, metrics: [accuracy("acc", "sum")] }
    : {
      decoding: { ...shared, separator: "{separator}" },
      metrics: [accuracy("acc", "sum"), accuracy("acc_norm", "character"), accuracy("acc_bytes", "byte")],
    };
}

function headMetrics({ metrics, combined }: HeadTask): readonly MetricSpec[] {
  const plain = metrics.map((kind: MetricName) => ({ kind }) as MetricSpec);
  return combined === undefined ? plain : [...plain, { kind: "combined", name: "combined_score", parts: combined }];
}
