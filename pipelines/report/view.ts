/** What the report shows, derived from a run's results. @module */
import { mergeValues, ownValue } from "../../ops/program/own_value.ts";
import { ofKind } from "../common/of_kind.ts";
import { lowerIsBetter } from "../metrics/mod.ts";
import type { EvaluateRecord, MemberRecord, Results, TrainRecord } from "../results/results.ts";
import { evaluationOf, experimentsOf, kindOf, metricOf, stageOf } from "./experiments.ts";
import { errorsOf, metricsOf, unitsOf } from "./named_metrics.ts";
import { paperTables } from "./paper_table.ts";
import type { AxisValue, MemberState, MemberView, ReportView, ValidationCurve } from "./report_view.ts";
import type { ReportSource } from "./report_source.ts";
import { repeatedOf } from "./repeats.ts";
import { rowsOf } from "./rows_view.ts";

/** The maximum number of points in a curve, and of curves. */
const mostPoints = 400, mostCurves = 60;

/** What the page shows of a run. */
export function viewOf(source: ReportSource): ReportView {
  const { results, made, machine, manifest, pipelineText, predictions, unfinished: planned, isLive = false } = source;
  const { state = { kind: "done" } } = source, { members } = results;
  const untrainedStages = untrainedOf(members), metrics = listedMetrics(members, untrainedStages);
  const repeated = repeatedOf(results, planned?.planned), drawn = membersToDraw(members, metrics);
  const unfinished = unfinishedMembers(source);
  const views = [
    ...members.map((member) => memberView(member, repeated.get(member.id) ?? member.id, drawn.has(member.id))),
    ...unfinished.map(({ member, state }) => {
      return { ...memberView(member, repeated.get(member.id) ?? member.id, true), state };
    }),
  ];
  const judged = {
    metrics,
    lowerIsBetter: metrics.filter((metric) => isLowerBetter(members, metric)),
    untrainedMetrics: metrics.filter((metric) => untrainedStages.has(stageOf(metric))),
    untrained: untrainedValues(members, metrics, untrainedStages, predictions),
    experiments: experimentsOf(members, views, predictions),
  };
  return {
    pipeline: results.pipeline,
    made,
    machine,
    axes: axesOf([...members, ...unfinished.map(({ member }) => member)]),
    ...judged,
    units: mergeValues(members.map((member) => unitsOf(member))),
    members: views,
    papers: paperTables(results),
    time: timeOf(results),
    saved: savedBy(results),
    rows: rowsOf(members, judged, predictions),
    activations: activationsIn(members),
    source: pipelineText,
    manifest,
    isLive,
    state,
  };
}

/** The members whose curves are drawn: those that are best by the first metric, or have the lowest final loss. */
function membersToDraw(members: readonly MemberRecord[], [metric]: readonly string[]): ReadonlySet<string> {
  const sign = metric === undefined || isLowerBetter(members, metric) ? 1 : -1;
  const value = (member: MemberRecord) => {
    const found = metric === undefined
      ? ofKind(member.stages, "train")[0]?.losses.at(-1)
      : ownValue(metricsOf(member), metric);
    return found === undefined ? Infinity : sign * found;
  };
  const ranked = members.map((member) => ({ id: member.id, value: value(member) })).sort((a, b) => a.value - b.value);
  return new Set(ranked.slice(0, mostCurves).map(({ id }) => id));
}

/** The members of an unfinished run, with the results of their trainings so far. */
function unfinishedMembers({ results, unfinished }: ReportSource) {
  if (unfinished === undefined) return [];
  const done = new Set(results.members.map(({ id }) => id));
  return unfinished.planned.filter(({ id }) => !done.has(id)).map(
    ({ id, axes, trainableParameters, baseParameters }) => {
      const trainings = unfinished.trainings.filter(({ member }) => member === id);
      const stages = trainings.map(({ stage, losses, validation }): TrainRecord => {
        const nothing = { cached: false, seconds: 0, stepSeconds: [] };
        return { name: stage, kind: "train", ...nothing, steps: losses.length, losses, validation };
      });
      const state: MemberState = trainings.length > 0 ? "at work" : "waiting";
      return { member: { id, axes, trainableParameters, baseParameters, stages } satisfies MemberRecord, state };
    },
  );
}

function activationsIn(members: readonly MemberRecord[]): ReportView["activations"] {
  return members.flatMap(({ id, stages }) => {
    return ofKind(stages, "activations").map(({ name, rows, tensors }) => {
      return { name: members.length === 1 ? name : `${name} of ${id}`, rows, tensors };
    });
  });
}

const evaluationsOf = ({ stages }: MemberRecord) => ofKind(stages, "evaluate");

/** Whether less of a metric is better: according to a member's results, or else according to its name. */
function isLowerBetter(members: readonly MemberRecord[], metric: string): boolean {
  const kind = kindOf(metric);
  const [found] = members.flatMap((member) => evaluationOf(member, metric) ?? []);
  return found?.lowerIsBetter?.includes(kind) ?? lowerIsBetter(kind);
}

/** The evaluations of an untrained model, which give the same result for all members. */
function untrainedOf(members: readonly MemberRecord[]): ReadonlySet<string> {
  const trained = new Set(members.flatMap(({ stages }) => ofKind(stages, "train").map(({ name }) => name)));
  const evaluations = members.flatMap(evaluationsOf);
  // In results of earlier versions, only the names say what was trained.
  const isTrained = ({ name, training, rows }: EvaluateRecord) => {
    return training !== undefined || rows === undefined && trained.has(name);
  };
  const byName = Map.groupBy(evaluations, ({ name }) => name);
  return new Set([...byName].flatMap(([name, same]) => {
    const values = new Set(same.map(({ metrics }) => JSON.stringify(metrics)));
    return trained.size > 0 && !same.some(isTrained) && values.size === 1 ? [name] : [];
  }));
}

function listedMetrics(members: readonly MemberRecord[], untrained: ReadonlySet<string>): string[] {
  const all = [...new Set(members.flatMap((member) => Object.keys(metricsOf(member))))];
  const isUntrained = (metric: string) => untrained.has(metric.slice(0, metric.lastIndexOf(" ")));
  return [...all.filter((metric) => !isUntrained(metric)), ...all.filter(isUntrained)];
}

/** The values of the untrained model on the same rows; if results don't say which rows, on those of any evaluation. */
function untrainedValues(
  members: readonly MemberRecord[],
  metrics: readonly string[],
  untrained: ReadonlySet<string>,
  predictions: ReportSource["predictions"],
): ReportView["untrained"] {
  const [first] = members;
  if (first === undefined) return {};
  const bases = evaluationsOf(first).filter(({ name }) => untrained.has(name));
  return Object.fromEntries(
    metrics.filter((metric) => !untrained.has(stageOf(metric))).flatMap((metric) => {
      const kind = kindOf(metric), tuned = evaluationOf(first, metric);
      const rowsOf = ({ predictions: path }: EvaluateRecord) => predictions(path).key;
      const found = bases.find((base) => {
        return Object.hasOwn(base.metrics, kind) && (tuned === undefined || rowsOf(base) === rowsOf(tuned));
      });
      return found === undefined ? [] : [[metric, { name: found.name, ...metricOf([found], kind, predictions) }]];
    }),
  );
}

function axesOf(members: readonly Pick<MemberRecord, "axes">[]): ReportView["axes"] {
  const axes = new Map<string, Set<AxisValue>>();
  for (const member of members) {
    for (const [name, value] of Object.entries(member.axes)) {
      axes.getOrInsertComputed(name, () => new Set()).add(value);
    }
  }
  return [...axes].map(([name, values]) => ({ name, values: [...values] }));
}

function memberView(member: MemberRecord, repeated: string, withLosses: boolean): MemberView {
  const { id, axes, trainableParameters: parameters, baseParameters, settings = {}, stages } = member;
  const trainings = ofKind(stages, "train"), losses = trainings[0]?.losses ?? [];
  const stride = Math.max(1, Math.ceil(losses.length / mostPoints));
  const drawn = (values: readonly number[]) =>
    withLosses
      ? values.filter((_, step) => step % stride === 0).map((value) => Number(Number(value).toPrecision(6)))
      : [];
  const final = losses.at(-1);
  return {
    id,
    repeated,
    axes,
    state: "done",
    method: Object.values(axes).find((value) => typeof value === "string") as string | undefined ?? "all",
    parameters,
    ...baseParameters === undefined ? {} : { share: parameters / baseParameters },
    settings: mergeValues(
      Object.entries(settings).map(([stage, set]) => {
        return Object.fromEntries(Object.entries(set).map(([path, value]) => [`${stage} ${path}`, value]));
      }),
    ),
    metrics: metricsOf(member),
    standardErrors: errorsOf(member),
    losses: drawn(losses),
    gradientNorms: drawn(trainings[0]?.gradientNorms ?? []),
    margins: drawn(trainings[0]?.rewards?.margins ?? []),
    stride,
    ...final === undefined ? {} : { finalLoss: final },
    validation: Object.fromEntries(withLosses ? trainings.flatMap(validationCurves) : []),
    seconds: trainings.reduce((sum, { cached, seconds }) => sum + (cached ? 0 : seconds), 0),
    trainings: trainings.length,
  };
}

/** What a training's validations measured, by its name and the metric's. */
function validationCurves({ name, validation = [] }: TrainRecord): (readonly [string, ValidationCurve])[] {
  const metrics = new Set(validation.flatMap(({ metrics }) => Object.keys(metrics)));
  return [...metrics].map((metric) => {
    const points = validation.flatMap(({ step, metrics }) => {
      const value = ownValue(metrics, metric);
      return value === undefined ? [] : [{ step, value: Number(value.toPrecision(6)) }];
    });
    return [`${name} ${metric}`, { steps: points.map(({ step }) => step), values: points.map(({ value }) => value) }];
  });
}

function timeOf({ members, encode }: Results): ReportView["time"] {
  const stages = members.flatMap((member) => member.stages), training = ofKind(stages, "train");
  const parts = { encode, train: training, evaluate: ofKind(stages, "evaluate") };
  const activations = ofKind(stages, "activations").map((record) => ({ ...record, expectedSeconds: 0 }));
  return Object.entries({ ...parts, activations }).map(([name, records]) => {
    const ran = records.filter(({ cached }) => !cached);
    const sum = (of: (record: typeof ran[number]) => number) => ran.reduce((all, record) => all + of(record), 0);
    const expected = sum(({ expectedSeconds = 0 }) => expectedSeconds);
    return { name, seconds: sum(({ seconds }) => seconds), ...expected === 0 ? {} : { expected } };
  });
}

function savedBy({ members, encode }: Results): string[] {
  const stages = members.flatMap((member) => member.stages), cached = stages.filter((stage) => stage.cached).length;
  const encoded = encode.map(({ examples, tokens, bytes, cached }) => {
    const how = cached ? "were read from the store" : "were encoded once";
    return `${examples} rows, ${tokens.toLocaleString("en")} tokens, ${how} for all that trained on them (${
      (bytes / 1e6).toFixed(1)
    } MB).`;
  });
  return cached === 0 ? encoded : [...encoded, `${cached} of ${stages.length} stages were in the store.`];
}
