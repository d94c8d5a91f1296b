/** Suites of published tasks. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { count, integer, listOf, oneOf, optional, record, text } from "../common/checks.ts";
import { RequestError } from "../common/errors.ts";
import { guarded } from "../common/guarded.ts";
import { quote, suggest } from "../common/suggest.ts";
import type { BestSpec, EvaluateSpec, ModelSpec, Sweepable, TrainSpec } from "../spec/mod.ts";
import { mergedRows } from "../tasks/split_rows.ts";
import type { SuiteName, TaskName } from "../tasks/names.ts";
import { type Suite, suites } from "../tasks/suites.ts";
import { requireCall, type SettingChecks, swept } from "./calls.ts";
import { type Rows, viewed } from "./rows.ts";
import { evaluate } from "./stages.ts";
import { type DeclaredTask, task, type TaskOptions } from "./tasks.ts";

/** Where a suite's rows are, which tasks to use, and how many rows. */
export interface SuiteOptions extends TaskOptions {
  /** The names of the tasks to use; all if omitted. */
  readonly only?: readonly TaskName[];
  /**
   * The training rows for one model for all tasks: the suite's own file (`"merged"`, the default, as in the paper), or
   * the tasks' training rows one after another (`"mixed"`).
   */
  readonly trainedOn?: "merged" | "mixed";
  /** Limits each task to its first rows, for scaled-down runs. */
  readonly rows?: { readonly train?: number; readonly test?: number };
}

/** A suite of published tasks. */
export interface DeclaredSuite {
  /** Its tasks by name. */
  readonly tasks: Readonly<Record<string, DeclaredTask>>;
  /** The rows that one model is trained on for all of them. */
  readonly train: Rows;
  /**
   * One evaluation per task, named after the task; results also have their average.
   *
   * @example An untrained model on two tasks, scored by the harness's rule
   * ```ts
   * import assert from "node:assert/strict";
   * import { baseModel, suite } from "refract";
   *
   * const commonsense = suite("commonsense", { only: ["boolq", "piqa"], scoring: "lm-eval" });
   * const stages = commonsense.evaluate(baseModel("builtin:tiny"));
   * assert.deepEqual(Object.keys(stages), ["boolq", "piqa"]);
   * ```
   */
  evaluate(model: Sweepable<ModelSpec | TrainSpec | BestSpec>): Readonly<Record<string, EvaluateSpec>>;
}

const options: SettingChecks<SuiteOptions> = {
  data: optional(text),
  scoring: optional(text),
  halves: optional(text),
  samples: optional(count),
  seed: optional(swept(integer)),
  only: optional(listOf("a list of tasks", text)),
  trainedOn: optional(oneOf(["merged", "mixed"])),
  rows: optional(record("{ train, test }", { train: optional(count), test: optional(count) })),
};

/**
 * A suite of published tasks, and the rows for training one model for all of them. results.json and report.html have
 * the average over its tasks, computed as in the paper, next to the paper's own.
 *
 * @param name `"commonsense"`, `"arithmetic"`, `"gsm8k"`, `"instruct"`, `"glue"` or `"reading"`.
 * @param options Where its rows are, whose rule scores answers, and which tasks and rows to use.
 * @throws {RequestError} If there is no such suite, or it lacks one of the tasks.
 *
 * @example Eight commonsense reasoning tasks, scored by the paper's rule
 * ```ts
 * import { adamw, baseModel, block, loreft, pipeline, suite, train } from "refract";
 *
 * export default pipeline("commonsense", () => {
 *   const commonsense = suite("commonsense", { data: "./LLM-Adapters" });
 *   const edit = loreft({ at: block("all").output, positions: "f7+l7", rank: 8, tied: true });
 *   const tuned = train(baseModel("huggyllama/llama-7b").with(edit), {
 *     data: commonsense.train,
 *     epochs: 6,
 *     batchSize: 16,
 *     gradientAccumulation: 2,
 *     optimizer: adamw({ learningRate: 9e-4 }),
 *   });
 *   return commonsense.evaluate(tuned);
 * });
 * ```
 */
export function suite(name: SuiteName, settings: SuiteOptions = {}): DeclaredSuite {
  requireCall("suite", arguments, options);
  if (!Object.hasOwn(suites, name)) {
    throw new RequestError(`there is no suite ${quote(name)}; ${suggest(name, Object.keys(suites))}`);
  }
  const { only, trainedOn = "merged", rows: limits = {}, ...of } = settings, known = suites[name];
  const names = namesOf(name, known, only);
  const declared = Object.fromEntries(names.map((each) => [each, task(each, of)]));
  const found = {
    tasks: guarded(declared, `the suite ${name}`),
    get train(): Rows {
      const [first, ...others] = names.map((each) => limited(trainOf(name, each), limits.train));
      if (trainedOn === "mixed") return others.length === 0 ? first! : first!.concat(...others);
      if (known.train === undefined) {
        throw new RequestError(
          `each task of ${name} trains its own model; write suite(…).tasks[${quote(names[0]!)}].train`,
        );
      }
      if (of.data === undefined) {
        throw new RequestError(
          `the hub has no training file for ${name}; give the folder that has ${
            known.train.names[0]
          }.json as data, or write ` +
            `trainedOn: "mixed"`,
        );
      }
      return limited(viewed(mergedRows(name, known.train, known.tasks[names[0]!]!, of.data)), limits.train);
    },
    evaluate(model: Sweepable<ModelSpec | TrainSpec | BestSpec>) {
      return Object.fromEntries(names.map((each) => {
        const { data, ...evaluation } = ownValue(declared, each)!.evaluation;
        const test = limits.test === undefined ? undefined : limits.test * (of.samples ?? 1);
        return [each, evaluate(model, { ...evaluation, data: limited(viewed(data), test) })];
      }));
    },
  };
  function trainOf(suite: string, each: string): Rows {
    const of = ownValue(declared, each)!;
    if ("train" in of) return of.train as Rows;
    throw new RequestError(`${each} of the suite ${suite} has no training rows`);
  }
  return guarded(found, `the suite ${name}`);
}

const limited = (rows: Rows, count: number | undefined) => count === undefined ? rows : rows.take(count);

function namesOf(suite: string, { tasks }: Suite, only: readonly TaskName[] | undefined): readonly TaskName[] {
  const all = Object.keys(tasks) as TaskName[], odd = only?.find((name) => !Object.hasOwn(tasks, name));
  if (odd !== undefined) throw new RequestError(`${suite} has no task ${quote(odd)}; ${suggest(odd, all)}`);
  return only ?? all;
}
