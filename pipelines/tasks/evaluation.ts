/** The evaluation of a task: its rows, decoding and metrics. @module */
import { RequestError } from "../common/errors.ts";
import { quote, suggest } from "../common/suggest.ts";
import type { MetricName } from "../metrics/declared.ts";
import type { Dataset } from "../data/dataset.ts";
import type { DecodingSpec, FewShotSpec, MetricSpec, TaskSpec } from "../spec/mod.ts";
import { harnessRows, type RowsFrom, shotRows, splitRows } from "./split_rows.ts";
import { usualLimits } from "./sandbox/sandbox.ts";
import { reportedOf } from "./scoring/pass_at_k.ts";
import type { CodeTask, Harness, HeadTask, ScoringName, Task } from "./task.ts";

/** The options of a task's evaluation. */
interface Evaluation {
  readonly data: Dataset;
  readonly decoding?: DecodingSpec;
  readonly metrics: readonly MetricSpec[];
  readonly fewShot?: FewShotSpec;
  readonly task: TaskSpec;
}

/** The rule of the paper's own numbers, and the harness's. */
const usual = "pyreft", harness = "lm-eval";

/**
 * An evaluation of a task by a published rule.
 *
 * @param scoring Whose rule to use; if `undefined`, that of the task's published numbers.
 * @param samples How many programs are generated for each problem of a coding task.
 * @throws {RequestError} If no such rule was published for the task, or `samples` is given for a task without programs.
 */
export function evaluationOf(
  suite: string,
  name: string,
  task: Task,
  scoring: ScoringName | typeof harness | undefined,
  from: RowsFrom,
  samples?: number,
): Evaluation {
  const of = (scoring: string, metric: string): TaskSpec => ({ kind: "task", suite, name, scoring, metric });
  const test = () => splitRows(name, task, "test", from);
  if (task.kind === "code") return ofPrograms(suite, name, task, scoring, from, samples);
  if (samples !== undefined) {
    throw new RequestError(`samples applies only to coding tasks, and ${name} is not one; omit it`);
  }
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
      // Answers are compared by a judge; without one, only their length can be reported.
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
  }
}

/** pass@k of programs that are run against their problems' tests, for each usual k up to the number of samples. */
function ofPrograms(
  suite: string,
  name: string,
  task: CodeTask,
  scoring: string | undefined,
  from: RowsFrom,
  samples = 1,
): Evaluation {
  const { scorings, shots, id: problem } = task, by = scoring ?? scorings[0];
  if (!scorings.includes(by)) throw noRule(name, by, rulesOf(task));
  const rows = splitRows(name, task, "test", from), ks = reportedOf(samples);
  return {
    data: samples === 1 ? rows : { kind: "repeat", of: rows, count: samples },
    ...shots && {
      fewShot: {
        kind: "fewShot",
        examples: shotRows(name, task, shots, from),
        count: shots.count,
        seed: from.seed,
        separator: shots.separator,
        inOrder: true,
      },
    },
    decoding: samples === 1 ? task.decoding : sampled(task.decoding, samples, from.seed),
    metrics: ks.map((k) => ({ kind: "passAtK", task: name, problem, k, seconds: usualLimits.seconds })),
    task: { kind: "task", suite, name, scoring: by, metric: `pass@${ks[0]}` },
  };
}

/**
 * The sampling of several programs as for Codex (Chen et al. 2021, section 3.3): the more programs, the more diverse
 * they have to be.
 */
function sampled({ kind: _, ...writing }: CodeTask["decoding"], samples: number, seed: number): DecodingSpec {
  const temperature = samples >= 100 ? 0.8 : samples >= 10 ? 0.6 : 0.2;
  return { ...writing, kind: "sample", temperature, topK: 0, topP: 0.95, seed };
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
      return [];
    case "code":
      return task.scorings;
  }
}

function noRule(name: string, scoring: string, rules: readonly string[]): RequestError {
  return new RequestError(`the task ${quote(name)} has no rule ${quote(scoring)}; ${suggest(scoring, rules)}`);
}

/**
 * The harness's metrics. `acc_norm` divides by characters; if choices are contexts, the same text is scored after each.
 */
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
