/** Published tasks and suites: rows, prompts and scoring as others have them. @module */
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
import { requireCall, type SettingChecks } from "./calls.ts";
import { classification, regression } from "./heads.ts";
import { type Rows, viewed } from "./rows.ts";
import type { EvaluateOptions } from "./stages.ts";

/** Where a task's rows are and whose rule judges answers. */
export interface TaskOptions {
  /**
   * A file, or a folder with the splits' files, in place of the hub's: LLM-Adapters' rows (`<data>/boolq/test.json`) or
   * official ones. Absolute, or relative to the pipeline file.
   */
  readonly data?: string;
  /**
   * Whose rule judges answers: `"pyreft"`, the paper's, if omitted; `"llm-adapters"`, its baselines'; or `"lm-eval"`, where the
   * likeliest of a row's choices is taken and nothing is written.
   */
  readonly scoring?: TaskScoring;
  /** Draws GLUE's halves; 42 if omitted. The paper has the training's seed here. */
  readonly seed?: Sweepable<number>;
  /**
   * Whose rule draws GLUE's halves: `"torch"`, as pyreft has it, if omitted; or `"datasets"`, as the paper's own code had it.
   * Both have as many rows; they are other ones.
   */
  readonly halves?: HalvesRule;
  /**
   * How many programs are written for each problem of a task that is answered by programs; one, greedily, if omitted. Several
   * are drawn with a stream of random numbers each, with top-p 0.95 and a temperature of 0.2, from 10 on of 0.6 and from 100
   * on of 0.8 (Chen et al. 2021). The evaluation has pass@1, pass@10 and pass@100 as far as there are so many.
   */
  readonly samples?: number;
}

/** Whose rule judges answers. */
export type TaskScoring = ScoringName | "lm-eval";

/** A published task, with the splits that it has. */
export type DeclaredTask<N extends TaskName = TaskName> =
  & {
    /** The rows that are reported. */
    readonly test: Rows;
    /** What `evaluate` takes. */
    readonly evaluation: EvaluateOptions;
  }
  & (N extends UntrainedTaskName ? unknown : {
    /** The rows that are trained on. */
    readonly train: Rows;
  })
  & (N extends ValidatedTaskName ? {
      /** The rows by which settings, or epochs, are chosen. */
      readonly validation: Rows;
    }
    : unknown)
  & (N extends GlueName ? {
      /** The head that it is answered by. */
      readonly head: ClassificationSpec | RegressionSpec;
    }
    : unknown);

const options: SettingChecks<TaskOptions> = {
  data: optional(leaf("a path", (value) => typeof value === "string" && value !== "")),
  scoring: optional(oneOf(["pyreft", "llm-adapters", "lm-eval", "lm-eval-strict", "lm-eval-flexible"])),
  seed: optional((value, name) => typeof value === "object" || integer(value, name)),
  halves: optional(oneOf(Object.keys(halvesRules))),
  samples: optional(count),
};

/** The record of a task, by a name that a pipeline gives. */
function requireTask(name: string): asserts name is TaskName {
  if (!Object.hasOwn(tasks, name)) {
    throw new RequestError(`there is no task ${quote(name)}; ${suggest(name, Object.keys(tasks))}`);
  }
}

/**
 * A published task: its splits as the ReFT paper's code prepares them, and an evaluation by a published rule.
 *
 * @param name As in LLM-Adapters' folders, GLUE's configurations and lm-evaluation-harness.
 * @param options Where its rows are, and whose rule judges answers.
 * @returns `{ train, validation, test, evaluation }`, of the splits those that it has, and the `head` that GLUE's tasks take.
 * @throws {RequestError} If there is no such task or rule, or the hub lacks its rows and `data` is omitted. In a run, if the
 * data has another layout, or what is right is not among a row's options.
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
  // An axis's value takes its place before rows are read.
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
      ? `settings are chosen on another task, as on task("gsm8k_own").validation`
      : undefined;
  }) as DeclaredTask<N>;
}

function headOf({ head }: HeadTask): ClassificationSpec | RegressionSpec {
  return head === "number" ? regression() : classification({ labels: head });
}

/** Settings of pass@k. */
export interface PassAtKOptions {
  /** Of how many programs one has to pass; 1 if omitted. */
  readonly k?: number;
  /**
   * What a program may take, in seconds from its first line on; 18 if omitted, which is HumanEval's limit of 3 where Python is
   * compiled to WebAssembly.
   */
  readonly seconds?: number;
  /** What results call it; `pass@<k>` if omitted. */
  readonly name?: string;
}

/**
 * How likely one of k programs passes its problem's tests: the mean over problems of 1 - C(n - c, k) / C(n, k), of n programs
 * of which c pass (Chen et al. 2021, equation 1). Each answer is put into its problem's program, as the task has it, and run by
 * a Python of its own in a process without any permission. predictions.jsonl has what came of it (`verdict`).
 *
 * @param of The task whose tests are run.
 * @param options Of how many programs, and how long each may take.
 * @throws {RequestError} In a run, if a problem has fewer programs, or Deno may not start the process.
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
    throw new RequestError(`no task ${quote(of)} is answered by programs; ${suggest(of, Object.keys(code))}`);
  }
  return located({ ...rest, kind: "passAtK", task: of, problem: code[of].id, k, seconds });
}

/** Settings of an accuracy by a published rule. */
export interface TaskAccuracyOptions {
  /** Whose rule it is; `"pyreft"` if omitted. */
  readonly scoring?: ScoringName;
  /** What results call it; the rule's name if omitted. */
  readonly name?: string;
}

/**
 * The share of answers that a task's published rule takes for right, to the last quirk: of BoolQ's, `"pyreft"` takes
 * `the correct answer is true` and not `true.`, and `"llm-adapters"` the first of `true` and `false` in a text.
 *
 * @param of The task's name.
 * @param options Whose rule it is.
 * @throws {RequestError} If there is no such task, or the rule was never published for it.
 *
 * @example Both rules of one evaluation
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
  if (known.kind !== "writing") throw new TypeError("Rules are of tasks that are answered by writing");
  return located({ ...rest, kind: "taskAccuracy", scoring, rule, label: known.label });
}
