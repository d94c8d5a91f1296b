/** What the report shows, made of a run's results. @module */
import { mergeValues, ownValue } from "../../ops/program/own_value.ts";
import { isRight } from "../metrics/exact_match.ts";
import { ofKind } from "../common/of_kind.ts";
import { lowerIsBetter } from "../metrics/mod.ts";
import { paperTables } from "./paper_table.ts";
import { errorsOf, metricsOf, unitsOf } from "./named_metrics.ts";
import type { MemberRecord, Results, TrainRecord } from "../results/results.ts";
import type { AxisValue, MemberView, ReportView, SampleView, ValidationCurve } from "./report_view.ts";

/** What a report is made of. */
export interface ReportSource {
  readonly results: Results;
  /** When the run ended, or began if it still runs. */
  readonly made: string;
  /** Provider, threads and versions, a text each. */
  readonly machine: readonly string[];
  readonly manifest: string;
  /** The first predictions of a file in the run's folder. */
  readonly predictions: (path: string) => readonly ReportPrediction[];
  /** Whether the page is served and follows the run. */
  readonly isLive?: boolean;
  /** What a run that has not ended is at. */
  readonly now?: string;
}

/** A row's answer. */
export interface ReportPrediction {
  readonly prompt: string;
  /** The second text of a pair. */
  readonly pair?: string;
  readonly completion: string;
  /** What the completion's tokens say, if that is another text. */
  readonly taught?: string;
  /** A number is no answer that is right or wrong, and not shown. */
  readonly prediction?: string | number;
}

/** The longest curve, in points, and the most curves. */
const mostPoints = 400, mostCurves = 60;

/** What the page shows of a run. */
export function viewOf(source: ReportSource): ReportView {
  const { results, made, machine, manifest, isLive = false, now } = source;
  const { members } = results, untrainedStages = untrainedOf(members);
  const metrics = listedMetrics(members, untrainedStages), repeats = repeatsOf(results);
  const repeated = new Map((results.summaries ?? []).flatMap(({ id, members }) => members.map((each) => [each, id])));
  const views = members.map((member, at) => memberView(member, repeated.get(member.id) ?? member.id, at < mostCurves));
  return {
    pipeline: results.pipeline,
    made,
    machine,
    axes: axesOf(members),
    metrics,
    lowerIsBetter: metrics.filter((metric) => isLowerBetter(members, metric)),
    units: mergeValues(members.map((member) => unitsOf(member))),
    untrained: untrainedValues(members, metrics, untrainedStages),
    members: views,
    repeats,
    papers: paperTables(results),
    time: timeOf(results),
    saved: savedBy(results),
    ...samplesOf(source, metrics[0], untrainedStages),
    manifest,
    isLive,
    isRunning: now !== undefined,
    ...now === undefined ? {} : { now },
  };
}

const evaluationsOf = ({ stages }: MemberRecord) => ofKind(stages, "evaluate");

/** The metric's name without its stage's. */
const kindOf = (metric: string) => metric.slice(metric.lastIndexOf(" ") + 1);

/** Whether less of a metric is better: as a member's results say, or where they say nothing as its name does. */
function isLowerBetter(members: readonly MemberRecord[], metric: string): boolean {
  const stage = metric.slice(0, metric.lastIndexOf(" ")), kind = kindOf(metric);
  const found = members.flatMap(evaluationsOf).find(({ name, metrics }) => {
    return name === stage && Object.hasOwn(metrics, kind);
  });
  return found?.lowerIsBetter?.includes(kind) ?? lowerIsBetter(kind);
}

/** The evaluations of a model that nothing trained, which give the same for all members. */
function untrainedOf(members: readonly MemberRecord[]): ReadonlySet<string> {
  const evaluations = members.flatMap(evaluationsOf), names = new Set(evaluations.map(({ name }) => name));
  const trained = new Set([
    ...evaluations.filter(({ training }) => training !== undefined).map(({ name }) => name),
    // Earlier results say it by the name alone.
    ...members.flatMap(({ stages }) => ofKind(stages, "train").map(({ name }) => name)),
  ]);
  return new Set([...names].filter((name) => {
    const values = members.flatMap((member) => {
      return evaluationsOf(member).filter((stage) => stage.name === name).map(({ metrics }) => JSON.stringify(metrics));
    });
    return !trained.has(name) && trained.size > 0 && new Set(values).size === 1;
  }));
}

function listedMetrics(members: readonly MemberRecord[], untrained: ReadonlySet<string>): string[] {
  const all = [...new Set(members.flatMap((member) => Object.keys(metricsOf(member))))];
  const isUntrained = (metric: string) => untrained.has(metric.slice(0, metric.lastIndexOf(" ")));
  return [...all.filter((metric) => !isUntrained(metric)), ...all.filter(isUntrained)];
}

function untrainedValues(
  members: readonly MemberRecord[],
  metrics: readonly string[],
  untrained: ReadonlySet<string>,
): ReportView["untrained"] {
  const [first] = members;
  const evaluations = first === undefined ? [] : evaluationsOf(first).filter(({ name }) => untrained.has(name));
  return Object.fromEntries(metrics.flatMap((metric) => {
    const kind = kindOf(metric);
    const found = evaluations.find(({ name, metrics }) => Object.hasOwn(metrics, kind) && `${name} ${kind}` !== metric);
    return found === undefined ? [] : [[metric, { name: found.name, value: ownValue(found.metrics, kind)! }]];
  }));
}

function axesOf(members: readonly MemberRecord[]): ReportView["axes"] {
  const axes = new Map<string, Set<AxisValue>>();
  for (const member of members) {
    for (const [name, value] of Object.entries(member.axes)) {
      axes.getOrInsertComputed(name, () => new Set()).add(value);
    }
  }
  return [...axes].map(([name, values]) => ({ name, values: [...values] }));
}

function memberView(member: MemberRecord, repeated: string, withLosses: boolean): MemberView {
  const { id, axes, trainableParameters: parameters, stages } = member;
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
    method: Object.values(axes).find((value) => typeof value === "string") as string | undefined ?? "all",
    parameters,
    metrics: metricsOf(member),
    standardErrors: errorsOf(member),
    losses: drawn(losses),
    gradientNorms: drawn(trainings[0]?.gradientNorms ?? []),
    margins: drawn(trainings[0]?.rewards?.margins ?? []),
    stride,
    ...final === undefined ? {} : { finalLoss: final },
    validation: Object.fromEntries(withLosses ? trainings.flatMap(validationCurves) : []),
    seconds: trainings.reduce((sum, { cached, seconds }) => sum + (cached ? 0 : seconds), 0),
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

function repeatsOf({ summaries = [] }: Results): ReportView["repeats"] {
  return summaries.map(({ id, members, stages }) => ({
    id,
    count: members.length,
    metrics: Object.fromEntries(stages.flatMap(({ name, metrics }) => {
      return Object.entries(metrics).map(([metric, summary]) => [`${name} ${metric}`, summary]);
    })),
  }));
}

function timeOf({ members, encode }: Results): ReportView["time"] {
  const stages = members.flatMap((member) => member.stages), training = ofKind(stages, "train");
  const parts = { encode, train: training, evaluate: ofKind(stages, "evaluate") };
  return Object.entries(parts).map(([name, records]) => {
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

const samplesShown = 8;

/** Rows of the best member, those first that it alone has right. */
function samplesOf(
  { results: { members }, predictions }: ReportSource,
  metric: string | undefined,
  untrained: ReadonlySet<string>,
): Pick<ReportView, "samples" | "samplesOf"> {
  if (metric === undefined) return { samples: [], samplesOf: "" };
  const sign = isLowerBetter(members, metric) ? -1 : 1;
  const value = (member: MemberRecord) => sign * (ownValue(metricsOf(member), metric) ?? -Infinity);
  const best = members.reduce((best, each) => value(each) > value(best) ? each : best);
  const stage = metric.slice(0, metric.lastIndexOf(" "));
  const shown = evaluationsOf(best).filter(({ name }) => name === stage || untrained.has(name))
    .sort((a, b) => Number(a.name === stage) - Number(b.name === stage));
  const answers = shown.map(({ name, predictions: path }) => ({ name, rows: predictions(path) }));
  const tuned = answers.find(({ name }) => name === stage)?.rows ?? [];
  const samples = tuned.flatMap((tunedRow, row): (SampleView & { rank: number })[] => {
    const { prompt, pair, completion, taught, prediction } = tunedRow;
    if (typeof prediction !== "string") return [];
    const given = answers.flatMap(({ name, rows }) => {
      const same = rows[row]?.prompt === prompt ? rows[row] : rows.find((other) => other.prompt === prompt);
      return typeof same?.prediction !== "string" ? [] : [{ stage: name, text: same.prediction }];
    });
    const rights = given.map(({ text }) => isRight(text, tunedRow));
    const gained = rights.at(-1) === true && rights.length > 1 && rights[0] === false;
    const shown = pair === undefined ? prompt : `${prompt}\n${pair}`;
    const right = taught === undefined ? { completion } : { completion, taught };
    return [{ prompt: shown, ...right, answers: given, rank: gained ? 0 : rights.at(-1) === false ? 1 : 2 }];
  });
  // Rows that were learned and rows that were not take turns.
  const kinds = [0, 1, 2].map((rank) => samples.filter((sample) => sample.rank === rank));
  const mixed = samples.flatMap((_, at) => kinds.flatMap((kind) => kind[at] ?? []));
  return {
    samples: mixed.slice(0, samplesShown).map(({ rank: _, ...sample }) => sample),
    samplesOf: samples.length === 0
      ? ""
      : best.id === "main"
      ? "Rows of its evaluation."
      : `Rows of the evaluation of ${best.id}.`,
  };
}
