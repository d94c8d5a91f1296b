/** The table at the end of a run. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import type { MemberOutline } from "../../results/events.ts";
import type { EvaluateRecord, RepeatedRecord, Results, StageRecord, TrainRecord } from "../../results/results.ts";
import { ofKind } from "../../common/of_kind.ts";
import { counted } from "../../common/counted.ts";
import { formatSeconds, formatTable } from "../terminal/terminal.ts";

/** What the summary needs from a member that was run. */
type SummarizedMember = Pick<MemberOutline, "baseParameters" | "stages">;

/**
 * One line per member: metrics, trainable parameters and their share of the base, times; then what the cache saved.
 *
 * @param width The maximum width of the table.
 */
export function summarize(
  results: Results,
  members: readonly SummarizedMember[],
  seconds: number,
  width?: number,
): string {
  const metrics = [...new Set(results.members.flatMap(({ stages }) => stages.flatMap(metricNames)))];
  const units = new Map(results.members.flatMap(({ stages }) => ofKind(stages, "evaluate").flatMap(unitsOf)));
  const named = metrics.map((name) => units.has(name) ? `${name} (${units.get(name)})` : name);
  const header = ["member", ...named, "trainable", "of base", "train", "step"];
  const rows = results.members.map((record, index) => {
    const evaluations = ofKind(record.stages, "evaluate");
    const trainings = ofKind(record.stages, "train");
    const values = metrics.map((name) => {
      const stage = evaluations.find((evaluation) => metricNames(evaluation).includes(name));
      return stage === undefined ? "" : measuredText(stage, name.slice(stage.name.length + 1));
    });
    const base = members[index]!.baseParameters;
    const share = record.trainableParameters === 0
      ? ""
      : `${(100 * record.trainableParameters / base).toPrecision(3)} %`;
    return [
      record.id,
      ...values,
      record.trainableParameters.toLocaleString("en"),
      share,
      trainings.map((training) => (training.cached ? "cached" : formatSeconds(training.seconds))).join(", "),
      trainings.map(medianStep).join(", "),
    ];
  });
  return `${formatTable(header, rows, width)}\n${averages(results)}${repetitions(results)}${
    encodings(results, members)
  }total  ${formatSeconds(seconds)}${predicted(results)}\n`;
}

/** The actual and predicted time of the stages; startup and writing the report are part of neither. */
function predicted({ time }: Results): string {
  if (time === undefined || time.expectedSeconds === 0) return "";
  const { seconds, expectedSeconds, basis } = time;
  const by = basis === "assumed" ? " at an assumed speed; the actual times are recorded for the next plan" : "";
  return `, stages ${formatSeconds(seconds)} (${formatSeconds(expectedSeconds)} predicted${by})`;
}

/** One line per suite: the average over the tasks that were run. */
function averages({ members }: Results): string {
  const rows = members.flatMap(({ id, averages = [] }) => {
    return averages.map((
      { suite, scoring, tasks, value },
    ) => [id, suite, scoring, String(tasks.length), value.toFixed(3)]);
  });
  return rows.length === 0 ? "" : `${formatTable(["member", "suite", "scoring", "tasks", "average"], rows)}\n`;
}

/** A metric's value with its standard error. */
function measuredText({ metrics, standardErrors = {} }: EvaluateRecord, metric: string): string {
  const both = [ownValue(metrics, metric), ownValue(standardErrors, metric)];
  return measuredWith(both.filter((number) => number !== undefined));
}

/** Numbers joined by ±, with three decimals, or more if one would be rounded to 0.000. */
function measuredWith(numbers: readonly number[]): string {
  const least = Math.min(...numbers.map(Math.abs).filter((number) => number > 5e-9), 1);
  const decimals = Math.min(8, Math.max(3, Math.ceil(-Math.log10(least))));
  return numbers.map((number) => number.toFixed(decimals)).join(" ± ");
}

/** The units of a stage's metrics, by their names in the table. */
function unitsOf({ name, units = {} }: EvaluateRecord): (readonly [string, string])[] {
  return Object.entries(units).map(([metric, unit]) => [`${name} ${metric}`, unit] as const);
}

/** One line per repeated experiment: the mean and deviation of every metric. */
function repetitions({ summaries = [] }: Results): string {
  if (summaries.length === 0) return "";
  const named = (stages: RepeatedRecord["stages"]) =>
    stages.flatMap(({ name, metrics }) => {
      return Object.entries(metrics).map(([metric, summary]) => [`${name} ${metric}`, summary] as const);
    });
  const metrics = [...new Set(summaries.flatMap(({ stages }) => named(stages).map(([name]) => name)))];
  const rows = summaries.map(({ id, members, stages }) => {
    const found = new Map(named(stages));
    const shown = metrics.map((name) => {
      const summary = found.get(name);
      return summary === undefined ? "" : measuredWith([summary.mean, summary.deviation]);
    });
    return [id, ...shown, String(members.length)];
  });
  return `${formatTable(["repeated", ...metrics, "members"], rows)}` +
    "± is the standard deviation over members here, and the standard error over rows above\n\n";
}

function metricNames(stage: StageRecord): string[] {
  return stage.kind !== "evaluate" ? [] : Object.keys(stage.metrics).map((metric) => `${stage.name} ${metric}`);
}

function medianStep({ stepSeconds }: TrainRecord): string {
  const sorted = [...stepSeconds].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  return median === undefined ? "" : formatSeconds(median);
}

/** What was computed once, and how long recomputing it in every epoch would have taken. */
function encodings(results: Results, members: readonly SummarizedMember[]): string {
  const { encode } = results;
  const epochs = members.flatMap(({ stages }, index) => {
    const ran = ofKind(results.members[index]!.stages, "train").filter(({ cached }) => !cached);
    const names = new Set(ran.map(({ name }) => name));
    return ofKind(stages, "train").filter(({ name }) => names.has(name)).map(({ settings }) =>
      Number(ownValue(settings, "epochs"))
    );
  }).reduce((sum, count) => sum + count, 0);
  return encode.map(({ cached, seconds, examples, tokens, bytes }) => {
    const size = `${counted(examples, "example")}, ${counted(tokens, "token")}, ${(bytes / 1e6).toFixed(1)} MB`;
    if (epochs === 0) return `encode  ${size}, in the store; nothing needed to read it\n`;
    if (cached) return `encode  ${size}, read from the store for ${counted(epochs, "epoch")}\n`;
    const saved = encode.length === 1 ? `, which saved about ${formatSeconds(seconds * (epochs - 1))}` : "";
    return `encode  ${size}, computed once in ${formatSeconds(seconds)} for ${counted(epochs, "epoch")}${saved}\n`;
  }).join("");
}
