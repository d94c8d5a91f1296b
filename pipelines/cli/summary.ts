/** The table that ends a run. @module */
import type { EvaluateRecord, Results, TrainRecord } from "../report/results.ts";
import type { PreparedMember } from "../schedule/prepare.ts";
import { formatSeconds, formatTable } from "./terminal.ts";

/** A member a line: metrics, trainable parameters and their share of the base, times; then what the cache saved. */
export function summarize(results: Results, members: readonly PreparedMember[], seconds: number): string {
  const metrics = [...new Set(results.members.flatMap(({ stages }) => stages.flatMap(metricNames)))];
  const header = ["member", ...metrics, "trainable", "share of base", "train", "step"];
  const rows = results.members.map((record, index) => {
    const evaluations = record.stages.filter((stage) => stage.kind === "evaluate");
    const trainings = record.stages.filter((stage) => stage.kind === "train");
    const values = metrics.map((name) => {
      const stage = evaluations.find((evaluation) => metricNames(evaluation).includes(name));
      const value = stage?.metrics[name.slice(stage.name.length + 1)];
      return value === undefined ? "" : value.toFixed(3);
    });
    const base = baseParameters(members[index]!);
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
  return `${formatTable(header, rows)}\n${encodings(results)}total ${formatSeconds(seconds)}\n`;
}

function metricNames(stage: TrainRecord | EvaluateRecord): string[] {
  return stage.kind === "train" ? [] : Object.keys(stage.metrics).map((metric) => `${stage.name} ${metric}`);
}

function baseParameters({ stages }: PreparedMember): number {
  const weights = stages[0]?.model.architecture.weights ?? new Map<string, readonly number[]>();
  return [...weights.values()].reduce((sum, shape) => sum + shape.reduce((product, extent) => product * extent, 1), 0);
}

function medianStep({ stepSeconds }: TrainRecord): string {
  const sorted = [...stepSeconds].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  return median === undefined ? "" : formatSeconds(median);
}

/** What was computed once, and how often it would have been computed without the cache. */
function encodings({ encode, members }: Results): string {
  if (encode.length === 0) return "";
  const trainings = members.flatMap(({ stages }) => stages.filter((stage) => stage.kind === "train"));
  const passes = trainings.filter(({ cached }) => !cached).length;
  return encode.map(({ cached, seconds, examples, tokens, bytes }) => {
    const how = cached ? "read from the store" : `computed once in ${formatSeconds(seconds)}`;
    return `encode: ${examples} examples, ${tokens.toLocaleString("en")} tokens, ${
      (bytes / 1e6).toFixed(1)
    } MB, ${how}, ` +
      `for every epoch of ${passes} ${passes === 1 ? "training" : "trainings"}\n`;
  }).join("");
}
