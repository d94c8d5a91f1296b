/**
 * A run's numbers on published tasks beside the paper's. What was not run is marked as such, and the paper's numbers
 * are never shown as ours.
 *
 * @module
 */
import { ownValue } from "../../ops/program/own_value.ts";
import { ofKind } from "../common/of_kind.ts";
import type { EvaluateRecord, MemberRecord, Results, TaskRecord } from "../results/results.ts";
import { type Suite, suiteNamed } from "../tasks/suites.ts";
import type { Measured, PaperMethod } from "../tasks/task.ts";
import type { PaperCell, PaperRow, PaperTable } from "./report_view.ts";

/** An evaluation of a task. */
type Evaluated = EvaluateRecord & { readonly task: TaskRecord };

/** The paper's names of models, by patterns of checkpoint names. */
const paperModels: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/llama-?2-?7b(?!\w)/i, "Llama-2-7B"],
  [/llama-?3-?8b(?!\w)/i, "Llama-3-8B"],
  [/llama-?13b(?!\w)/i, "LLaMA-13B"],
  [/llama-?7b(?!\w)/i, "LLaMA-7B"],
  [/roberta-base/i, "RoBERTa-base"],
  [/roberta-large/i, "RoBERTa-large"],
];

const methodNames: Readonly<Record<PaperMethod, string>> = { loreft: "LoReFT", direft: "DiReFT", lora: "LoRA" };
const methods = Object.keys(methodNames) as readonly PaperMethod[];

/** The rule that produced the paper's own numbers. */
const paperScoring = "pyreft";

/** A table for each suite, rule and base model of a run. */
export function paperTables(
  { members, summaries = [] }: Pick<Results, "members" | "summaries">,
): readonly PaperTable[] {
  const repeated = new Map(summaries.flatMap(({ id, members }) => members.map((each) => [each, id] as const)));
  const groups = new Map<string, Map<string, { readonly member: MemberRecord; readonly of: readonly Evaluated[] }[]>>();
  for (const member of members) {
    const byTable = Map.groupBy(
      evaluatedOf(member),
      ({ task: { suite, scoring, base } }) => JSON.stringify([suite, scoring, base]),
    );
    for (const [table, of] of byTable) {
      const rows = groups.getOrInsertComputed(table, () => new Map());
      rows.getOrInsertComputed(repeated.get(member.id) ?? member.id, () => []).push({ member, of });
    }
  }
  return [...groups.values()].map((rows) => tableOf([...rows].map(([id, runs]) => ({ id, runs }))));
}

function evaluatedOf({ stages }: MemberRecord): readonly Evaluated[] {
  return ofKind(stages, "evaluate").flatMap((stage) =>
    stage.task === undefined ? [] : [{ ...stage, task: stage.task }]
  );
}

/** A member's results in a table, once for each seed. */
interface Experiment {
  readonly id: string;
  readonly runs: readonly { readonly of: readonly Evaluated[] }[];
}

function tableOf(experiments: readonly Experiment[]): PaperTable {
  const { task: { suite, scoring, base } } = experiments[0]!.runs[0]!.of[0]!;
  const known = suiteNamed(suite),
    run = new Set(experiments.flatMap(({ runs }) => runs.flatMap(({ of }) => of.map(({ task }) => task.name))));
  const listed = known === undefined
    ? [...run]
    : Object.keys(known.tasks).filter((name) => run.has(name) || isAveraged(known, name));
  const named = paperModels.find(([pattern]) => pattern.test(base))?.[1];
  const isCompared = known?.table !== undefined && scoring === paperScoring;
  const reported = modelsOf(known), model = named !== undefined && reported.includes(named) ? named : reported[0];
  const isSame = model !== undefined && model === named;
  const paper = known === undefined || !isCompared || model === undefined
    ? []
    : methods.flatMap((method) => paperRow(known, method, model, listed));
  const ours = experiments.map((experiment) => ourRow(experiment, listed, known, isSame && isCompared ? paper : []));
  const lora = ours.find(({ method }) => method === "lora")?.parameters;
  const withRatio = ours.map((row) => {
    const ratio = lora === undefined || row.parameters === undefined || row.parameters === 0
      ? undefined
      : lora / row.parameters;
    return ratio === undefined || row.method === "lora" ? row : { ...row, ratio };
  });
  const absent = isCompared ? methods.filter((method) => !ours.some((row) => row.method === method)) : [];
  const notRun = absent.map((method): PaperRow => ({
    who: "ours",
    name: methodNames[method],
    method,
    cells: listed.map(() => ({ isRun: false })),
  }));
  return {
    suite,
    scoring,
    base,
    tasks: listed,
    averaged: listed.filter((name) => known === undefined || isAveraged(known, name)),
    rows: [...withRatio, ...notRun, ...paper],
    notes: notesOf(experiments, { suite: known, scoring, base, model, isSame, isCompared }),
  };
}

const isAveraged = ({ averaged, tasks }: Suite, name: string) => (averaged ?? Object.keys(tasks)).includes(name);

function modelsOf(suite: Suite | undefined): readonly string[] {
  return Object.keys(
    Object.values(suite?.tasks ?? {}).find(({ reported }) => reported?.loreft !== undefined)?.reported?.loreft ?? {},
  );
}

/** The paper's numbers for a method. */
function paperRow(
  { tasks, shares }: Suite,
  method: PaperMethod,
  model: string,
  listed: readonly string[],
): readonly PaperRow[] {
  const found = listed.map((name): Measured | undefined => ownValue(ownValue(tasks, name)?.reported?.[method], model));
  if (found.every((each) => each === undefined)) return [];
  const cells = found.map((each): PaperCell => {
    if (each === undefined) return { isRun: false };
    return typeof each === "number"
      ? { isRun: true, value: each }
      : { isRun: true, value: each[0], deviation: each[1] };
  });
  const share = ownValue(shares?.[method], model), lora = ownValue(shares?.lora, model);
  return [{
    who: "paper",
    name: `${methodNames[method]} on ${model}`,
    method,
    ...share !== undefined && { share },
    ...share !== undefined && lora !== undefined && method !== "lora" && { ratio: lora / share },
    cells,
    ...averageOf(cells),
  }];
}

/** The mean of the cells that have a value. */
function averageOf(cells: readonly PaperCell[]): Pick<PaperRow, "average"> {
  const values = cells.flatMap((cell) => cell.value === undefined ? [] : [cell.value]);
  return values.length < 2 ? {} : { average: { isRun: true, value: mean(values), tasks: values.length } };
}

const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;

function deviationOf(values: readonly number[]): number | undefined {
  if (values.length < 2) return undefined;
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, each) => sum + (each - middle) ** 2, 0) / (values.length - 1));
}

const percentOf = ({ metrics, task }: Evaluated) => 100 * ownValue(metrics, task.metric)!;

function ourRow(
  { id, runs }: Experiment,
  listed: readonly string[],
  known: Suite | undefined,
  paper: readonly PaperRow[],
): PaperRow {
  const first = runs[0]!.of[0]!.task, { method, baseParameters } = first;
  const theirs = paper.find((row) => row.method === method);
  const parameters = Math.max(...runs.flatMap(({ of }) => of.map(({ task }) => task.parameters)));
  const cells = listed.map((name, at): PaperCell => {
    const found = runs.flatMap(({ of }) =>
      of.filter(({ task, metrics }) => task.name === name && Object.hasOwn(metrics, task.metric))
    );
    if (found.length === 0) return { isRun: false };
    const values = found.map(percentOf), value = mean(values), deviation = deviationOf(values);
    const reported = theirs?.cells[at]?.value;
    return {
      isRun: true,
      value,
      ...deviation !== undefined && { deviation },
      ...reported !== undefined && { difference: value - reported },
      runs: found.length,
      predictions: found.map(({ predictions }) => predictions),
    };
  });
  const counted = listed.map((name, at) =>
    known === undefined || isAveraged(known, name) ? cells[at]! : { isRun: false } as const
  );
  return {
    who: "ours",
    name: id === "main" ? method ?? "as it is" : id,
    ...method !== undefined && { method },
    parameters,
    ...first.headParameters !== undefined && { headParameters: first.headParameters },
    share: 100 * parameters / baseParameters,
    cells,
    ...ourAverage(runs, listed.filter((_, at) => counted[at]!.isRun), counted, theirs),
  };
}

/** The average of what was run, with the deviation of seeds' averages; the difference is over the same tasks. */
function ourAverage(
  runs: Experiment["runs"],
  names: readonly string[],
  cells: readonly PaperCell[],
  theirs: PaperRow | undefined,
): Pick<PaperRow, "average"> {
  if (names.length < 2) return {};
  const own = runs.flatMap(({ of }) => {
    const values = of.filter(({ task }) => names.includes(task.name)).map(percentOf);
    return values.length === names.length ? [mean(values)] : [];
  });
  const value = mean(cells.flatMap((cell) => cell.value ?? [])), deviation = deviationOf(own);
  const differences = cells.flatMap(({ difference }) => difference ?? []);
  const isWhole = theirs !== undefined && differences.length === names.length;
  return {
    average: {
      isRun: true,
      value,
      tasks: names.length,
      ...deviation !== undefined && { deviation },
      ...isWhole && { difference: mean(differences) },
    },
  };
}

/** What a reader must know about a table. */
function notesOf(
  experiments: readonly Experiment[],
  { suite, scoring, base, model, isSame, isCompared }: {
    readonly suite: Suite | undefined;
    readonly scoring: string;
    readonly base: string;
    readonly model: string | undefined;
    readonly isSame: boolean;
    readonly isCompared: boolean;
  },
): readonly string[] {
  const notes: string[] = [];
  if (!isCompared) notes.push(`The paper has no numbers for these tasks by the rule ${scoring}.`);
  else if (!isSame && model !== undefined) {
    notes.push(`The paper did not train ${base}: its rows are for ${model}, and no difference is computed.`);
  }
  if (isCompared && suite?.table !== undefined) {
    notes.push(
      `The paper's rows are from ${suite.table} (Wu et al. 2024); those for LoRA are copied there from other papers.`,
    );
  }
  const tested = new Map<string, TaskRecord>();
  for (const { task } of experiments.flatMap(({ runs }) => runs.flatMap(({ of }) => of))) {
    if (task.trained !== undefined) tested.set(task.name, task);
  }
  const shared = [...tested.values()].filter(({ trained = 0 }) => trained > 0)
    .map(({ name, trained, rows }) => `${name} ${trained} of ${rows}`);
  if (tested.size > 0) {
    notes.push(
      shared.length === 0
        ? "No test question has the same words as a training row."
        : `Test questions with the same words as a training row: ${shared.join(", ")}.`,
    );
  }
  return notes;
}
