/** Published tasks: their rows, prompts and scoring. @module */
import { count, integer, leaf, oneOf, optional } from "../common/checks.ts";
import { RequestError } from "../common/errors.ts";
import { guarded } from "../common/guarded.ts";
import { type HalvesRule, halvesRules } from "../data/halves/halves.ts";
import { located } from "../common/source_location.ts";
import { quote, suggest } from "../common/suggest.ts";
import type { ClassificationSpec, MetricSpec, RegressionSpec, Sweepable } from "../spec/mod.ts";
import { code } from "../tasks/code.ts";
import { evaluationOf } from "../tasks/evaluation.ts";
import { scoringOf, tasks } from "../tasks/mod.ts";
import { splitRows } from "../tasks/split_rows.ts";
import { usualLimits } from "../tasks/sandbox/sandbox.ts";
import type { HeadTask, ScoringName, SplitName } from "../tasks/task.ts";
import { suiteOf } from "../tasks/suites.ts";
import type { CodeName, GlueName, TaskName, UntrainedTaskName, ValidatedTaskName } from "../tasks/names.ts";
import { requireCall, type SettingChecks, swept } from "./calls.ts";
import { classification, regression } from "./heads.ts";
import { type Rows, viewed } from "./rows.ts";
import type { EvaluateOptions } from "./stages.ts";

/** Where a task's rows are, and whose rule scores answers. */
export interface TaskOptions {
  /**
   * A file, or a folder with the splits' files, to read instead of the hub: LLM-Adapters' rows
   * (`<data>/boolq/test.json`) or official ones. Absolute, or relative to the pipeline file.
   */
  readonly data?: string;
  /**
   * Whose rule scores answers: `"pyreft"`, the default, which is the paper's; `"llm-adapters"`, its baselines'; or
   * `"lm-eval"`, which picks the likeliest of a row's choices and generates nothing.
   */
  readonly scoring?: TaskScoring;
  /**
   * The seed that splits GLUE's validation rows in halves, as in torch; 42 if omitted. The paper uses the training's
   * seed.
   */
  readonly seed?: Sweepable<number>;
  /**
   * Whose rule splits GLUE's validation rows in halves: `"torch"`, pyreft's and the default, or `"datasets"`, that of the
   * paper's own code. The halves are equally large but hold different rows.
   */
  readonly halves?: HalvesRule;
  /**
   * How many programs are generated for each problem of a coding task; one, greedily, if omitted. Several are sampled,
   * each with its own stream of random numbers, with top-p 0.95 and a temperature of 0.2, or 0.6 from 10 programs and
   * 0.8 from 100 (Chen et al. 2021). The evaluation has those of pass@1, pass@10 and pass@100 that there are enough
   * programs for.
   */
  readonly samples?: number;
}

/** Whose rule scores answers. */
export type TaskScoring = ScoringName | "lm-eval";

/** A published task with its splits. */
export type DeclaredTask<N extends TaskName = TaskName> =
  & {
    /** The rows that results are reported on. */
    readonly test: Rows;
    /** The options to pass to `evaluate`. */
    readonly evaluation: EvaluateOptions;
  }
  & (N extends UntrainedTaskName ? unknown : {
    /** The training rows. */
    readonly train: Rows;
  })
  & (N extends ValidatedTaskName ? {
      /** The rows for choosing settings or epochs. */
      readonly validation: Rows;
    }
    : unknown)
  & (N extends GlueName ? {
      /** The head that predicts its answers. */
      readonly head: ClassificationSpec | RegressionSpec;
    }
    : unknown);

const options: SettingChecks<TaskOptions> = {
  data: optional(leaf("a path", (value) => typeof value === "string" && value !== "")),
  scoring: optional(oneOf(["pyreft", "llm-adapters", "lm-eval", "lm-eval-strict", "lm-eval-flexible"])),
  seed: optional(swept(integer)),
  halves: optional(oneOf(Object.keys(halvesRules))),
  samples: optional(count),
};

/** Refuses a name that is not a task's. */
function requireTask(name: string): asserts name is TaskName {
  if (!Object.hasOwn(tasks, name)) {
    throw new RequestError(`there is no task ${quote(name)}; ${suggest(name, Object.keys(tasks))}`);
  }
}

/**
 * A published task: its splits as prepared by the ReFT paper's code, and an evaluation by a published rule.
 *
 * @param name The name of an LLM-Adapters folder, a GLUE configuration or an lm-evaluation-harness task.
 * @param options Where its rows are, and whose rule scores answers.
 * @returns `{ train, validation, test, evaluation }` with the splits that the task has, and the `head` of GLUE's tasks.
 * @throws {RequestError} If there is no such task or rule, or the hub lacks its rows and `data` is omitted. In a run,
 * if the data has another layout, or the correct answer is not among a row's options.
 *
 * @example BoolQ, trained and tested as in the paper
 * ```ts
 * import { adamw, baseModel, block, evaluate, linearSchedule, loreft, task, train } from "refract";
 *
 * const boolq = task("boolq", { data: "./LLM-Adapters/dataset" });
 * const edit = loreft({ at: block("all").output, positions: "f7+l7", rank: 8, tied: true });
 * const tuned = train(baseModel("huggyllama/llama-7b").with(edit), {
 *   data: boolq.train,
 *   epochs: 6,
 *   batchSize: 32,
 *   optimizer: adamw({ learningRate: 9e-4, schedule: linearSchedule({ warmup: 0.1 }) }),
 * });
 * const measured = evaluate(tuned, boolq.evaluation);
 * ```
 *
 * @example pass@1 and pass@10 of programs that are run against HumanEval's tests
 * ```ts
 * import assert from "node:assert/strict";
 * import { baseModel, evaluate, task } from "refract";
 *
 * const humaneval = task("humaneval", { data: "./HumanEval.jsonl", samples: 20 });
 * const measured = evaluate(baseModel("builtin:tiny"), humaneval.evaluation);
 * assert.deepEqual(humaneval.evaluation.metrics.map((metric) => metric.kind), ["passAtK", "passAtK"]);
 * ```
 */
export function task<const N extends TaskName>(
  name: N,
  { data, scoring, seed = 42, halves, samples }: TaskOptions = {},
): DeclaredTask<N> {
  requireCall("task", arguments, options);
  requireTask(name);
  const known = tasks[name];
  // An axis is replaced by its value before rows are read.
  const from = { ...data !== undefined && { data }, seed: seed as number, ...halves !== undefined && { halves } };
  if (halves !== undefined && known.kind !== "head") {
    throw new RequestError(`halves are of GLUE's validation sets, and ${name} has none; omit them`);
  }
  const rows = (split: SplitName) => viewed(splitRows(name, known, split, from));
  const found: Record<string, unknown> = {};
  for (const split of ["train", "validation", "test"] as const) {
    if (known.splits[split] !== undefined) {
      Object.defineProperty(found, split, {
        enumerable: true,
        get: () => rows(split),
      });
    }
  }
  Object.defineProperty(found, "evaluation", {
    enumerable: true,
    get: () => evaluationOf(suiteOf(name), name, known, scoring, from, samples),
  });
  if (known.kind === "head") Object.defineProperty(found, "head", { enumerable: true, get: () => headOf(known) });
  return guarded(found, `the task ${name}`, Object.keys(found), [], (missing) => {
    return missing === "validation"
      ? `choose settings on another task, such as task("gsm8k_own").validation`
      : undefined;
  }) as DeclaredTask<N>;
}

function headOf({ head }: HeadTask): ClassificationSpec | RegressionSpec {
  return head === "number" ? regression() : classification({ labels: head });
}

/** Settings of pass@k. */
export interface PassAtKOptions {
  /** The number of programs of which at least one must pass; 1 if omitted. */
  readonly k?: number;
  /**
   * The time limit of a program in seconds, from its first line; 18 if omitted, which corresponds to HumanEval's limit
   * of 3 for a Python compiled to WebAssembly; at most 2,000,000.
   */
  readonly seconds?: number;
  /** The metric's name in results; `pass@<k>` if omitted. */
  readonly name?: string;
}

/**
 * The probability that at least one of k programs passes its problem's tests: the mean over problems of 1 - C(n - c, k)
 * / C(n, k) for n programs of which c pass (Chen et al. 2021, equation 1). Each answer is inserted into its problem's
 * program, as the task specifies, and run by its own Python in a process without any permissions. predictions.jsonl has
 * the outcome (`verdict`).
 *
 * @param of The task whose tests are run.
 * @param options The number of programs, and the time limit of each.
 * @throws {RequestError} In a run, if a problem has too few programs, or Deno is not permitted to start the process.
 *
 * @example pass@5 of five programs for each problem
 * ```ts
 * import { baseModel, evaluate, passAtK, task } from "refract";
 *
 * const mbpp = task("mbpp", { data: "./mbpp.jsonl", samples: 5 });
 * const measured = evaluate(baseModel("builtin:tiny"), { ...mbpp.evaluation, metrics: [passAtK("mbpp", { k: 5 })] });
 * ```
 */
export function passAtK(
  of: CodeName,
  { k = 1, seconds = usualLimits.seconds, ...rest }: PassAtKOptions = {},
): MetricSpec {
  requireCall("passAtK", arguments);
  if (!Object.hasOwn(code, of)) {
    throw new RequestError(`no coding task is named ${quote(of)}; ${suggest(of, Object.keys(code))}`);
  }
  return located({ ...rest, kind: "passAtK", task: of, problem: code[of].id, k, seconds });
}

/** Settings of an accuracy scored by a published rule. */
export interface TaskAccuracyOptions {
  /** Whose rule to use; `"pyreft"` if omitted. */
  readonly scoring?: ScoringName;
  /** The metric's name in results; the rule's name if omitted. */
  readonly name?: string;
}

/**
 * The share of answers that a task's published rule accepts, including its quirks: for BoolQ, `"pyreft"` accepts `the
 * correct answer is true` but not `true.`, and `"llm-adapters"` uses the first of `true` and `false` in a text.
 *
 * @param of The task's name.
 * @param options Whose rule to use.
 * @throws {RequestError} If there is no such task, or no such rule was published for it.
 *
 * @example Both rules in one evaluation
 * ```ts
 * import { baseModel, evaluate, task, taskAccuracy } from "refract";
 *
 * const boolq = task("boolq", { data: "./LLM-Adapters/dataset" });
 * const metrics = [taskAccuracy("boolq"), taskAccuracy("boolq", { scoring: "llm-adapters" })];
 * const measured = evaluate(baseModel("builtin:tiny"), { ...boolq.evaluation, metrics });
 * ```
 */
export function taskAccuracy(of: TaskName, { scoring = "pyreft", ...rest }: TaskAccuracyOptions = {}): MetricSpec {
  requireCall("taskAccuracy", arguments);
  const rule = scoringOf(of, scoring), known = tasks[of];
  if (known.kind !== "writing") throw new TypeError("Only tasks answered by generating text have rules");
  return located({ ...rest, kind: "taskAccuracy", scoring, rule, label: known.label });
}
