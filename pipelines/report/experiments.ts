/** Members that repeat one experiment, with their metrics over rows and repetitions. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { ofKind } from "../common/of_kind.ts";
import type { EvaluateRecord, MemberRecord } from "../results/results.ts";
import { metricsOf } from "./named_metrics.ts";
import { meanOf, standardErrorOf } from "./paired_test.ts";
import type { ExperimentMetric, ExperimentView, MemberView } from "./report_view.ts";
import type { ReportSource } from "./report_source.ts";

type Predictions = ReportSource["predictions"];

/** The experiments of finished members, in the order in which they ran. */
export function experimentsOf(
  records: readonly MemberRecord[],
  views: readonly MemberView[],
  predictions: Predictions,
): ExperimentView[] {
  const viewOf = new Map(views.map((view) => [view.id, view]));
  const groups = Map.groupBy(records, ({ id }) => viewOf.get(id)?.repeated ?? id);
  return [...groups].map(([id, members]): ExperimentView => {
    const [first] = members as [MemberRecord], { method = "all", parameters = 0 } = viewOf.get(first.id) ?? {};
    const axes = Object.entries(first.axes).filter(([name, value]) => {
      return members.every((each) => ownValue(each.axes, name) === value);
    });
    const metrics = Object.keys(metricsOf(first)).flatMap((metric) => {
      const found = members.flatMap((member) => evaluationOf(member, metric) ?? []);
      return found.length < members.length ? [] : [[metric, metricOf(found, kindOf(metric), predictions)] as const];
    });
    const named = { id, axes: Object.fromEntries(axes), members: members.map(({ id }) => id) };
    return { ...named, method, parameters, metrics: Object.fromEntries(metrics) };
  });
}

/** The metric's name without its stage's. */
export const kindOf = (metric: string) => metric.slice(metric.lastIndexOf(" ") + 1);

/** The name of a metric's stage. */
export const stageOf = (metric: string) => metric.slice(0, metric.lastIndexOf(" "));

/** The evaluation of a member that has a metric. */
export function evaluationOf({ stages }: MemberRecord, metric: string): EvaluateRecord | undefined {
  return ofKind(stages, "evaluate").find(({ name, metrics }) => {
    return name === stageOf(metric) && Object.hasOwn(metrics, kindOf(metric));
  });
}

/** A metric over evaluations that repeat one experiment. */
export function metricOf(
  evaluations: readonly EvaluateRecord[],
  kind: string,
  predictions: Predictions,
): ExperimentMetric {
  const all = evaluations.map(({ metrics }) => ownValue(metrics, kind)!), repetitions = all.length;
  const mean = all.reduce((sum, each) => sum + each, 0) / repetitions;
  const spread = all.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (repetitions - 1);
  const [{ rows }] = evaluations as [EvaluateRecord];
  const deviation = repetitions > 1 ? { deviation: Math.sqrt(spread) } : {};
  const common = { mean, ...deviation, repetitions, ...rows === undefined ? {} : { rows } };
  const values = valuesOf(evaluations, kind, predictions);
  if (values !== undefined) {
    const [first] = evaluations as [EvaluateRecord], { key: rowsKey } = predictions(first.predictions);
    // For a mean over rows, this is the mean of the rows' values; for other metrics it is an approximation.
    const isMean = Math.abs(meanOf(values) - mean) < 1e-6 * Math.max(1, Math.abs(mean));
    const shown = { ...common, rowsKey, values: values.map((each) => each.map(rounded)) };
    return isMean || repetitions === 1 && all.length > 0
      ? { ...shown, standardError: standardErrorOf(values) }
      : { ...shown, ...standardErrorWithout(evaluations, kind, spread) };
  }
  return { ...common, ...standardErrorWithout(evaluations, kind, spread) };
}

const rounded = (value: number) => Number(value.toPrecision(6));

/** From the results of each repetition; the same rows count in all of them. */
function standardErrorWithout(evaluations: readonly EvaluateRecord[], kind: string, spread: number) {
  const errors = evaluations.flatMap(({ standardErrors = {} }) => ownValue(standardErrors, kind) ?? []);
  const count = evaluations.length;
  if (errors.length < count && count < 2) return {};
  const ofRows = errors.length < count ? 0 : errors.reduce((sum, each) => sum + each, 0) / count;
  return { standardError: Math.sqrt(ofRows ** 2 + (count > 1 ? spread / count : 0)) };
}

/** Each row's contribution in each repetition, if all of them measured the same rows. */
function valuesOf(evaluations: readonly EvaluateRecord[], kind: string, predictions: Predictions) {
  const found = evaluations.map(({ predictions: path }) => predictions(path));
  if (new Set(found.map(({ key }) => key)).size !== 1) return undefined;
  const values = found.flatMap((each) => each.length > 0 ? [each.values(kind)] : []);
  return values.length === found.length && values.every((each) => each !== undefined) ? values : undefined;
}
