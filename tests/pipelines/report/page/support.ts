/** Members for tests of the page's modules. @module */
import type { ExperimentMetric, ExperimentView, MemberView } from "../../../../pipelines/report/report_view.ts";

/** A member with the given properties. */
export function memberView(id: string, given: Partial<MemberView> = {}): MemberView {
  return {
    id,
    repeated: id,
    axes: {},
    state: "done",
    settings: {},
    trainings: 1,
    method: "all",
    parameters: 1,
    metrics: {},
    standardErrors: {},
    losses: [],
    gradientNorms: [],
    margins: [],
    stride: 1,
    validation: {},
    seconds: 0,
    ...given,
  };
}

/** An experiment of one member with the given properties; a metric may be given as its mean. */
export function experimentView(
  id: string,
  { metrics = {}, ...given }: Partial<Omit<ExperimentView, "metrics">> & {
    readonly metrics?: Readonly<Record<string, number | ExperimentMetric>>;
  } = {},
): ExperimentView {
  const found = Object.entries(metrics).map(([name, of]) => {
    return [name, typeof of === "number" ? { mean: of, repetitions: 1 } : of] as const;
  });
  return { id, axes: {}, members: [id], method: "all", parameters: 1, ...given, metrics: Object.fromEntries(found) };
}
