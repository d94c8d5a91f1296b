/** Summaries of repetitions of an experiment. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { ofKind } from "../../common/of_kind.ts";
import type { EvaluateRecord, MemberRecord, MetricSummary, Results } from "../../results/results.ts";
import type { PreparedMember } from "../prepare/prepared.ts";

/** A summary for each experiment, if any was repeated. */
export function summariesOf(
  members: readonly PreparedMember[],
  records: readonly MemberRecord[],
): Pick<Results, "summaries"> {
  const groups = [...Map.groupBy(records, (_, at) => members[at]!.member.repeated)]
    .filter(([, group]) => group.length > 1);
  if (groups.length === 0) return {};
  const summaries = groups.map(([id, group]) => {
    const [{ axes }] = group as [MemberRecord];
    const shared = Object.entries(axes).filter(([name, label]) =>
      group.every((each) => ownValue(each.axes, name) === label)
    );
    const evaluations = ofKind(group[0]!.stages, "evaluate").map(({ name }) => ({
      name,
      metrics: summarize(group.map(({ stages }) => {
        return ofKind(stages, "evaluate").find((stage) => stage.name === name)!.metrics;
      })),
    }));
    return { id, axes: Object.fromEntries(shared), members: group.map((each) => each.id), stages: evaluations };
  });
  return { summaries };
}

function summarize(all: readonly EvaluateRecord["metrics"][]): Record<string, MetricSummary> {
  const names = Object.keys(all[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, meanAndDeviation(all.map((metrics) => ownValue(metrics, name)!))]),
  );
}

/** The mean, and the standard deviation of a sample (n − 1 in the denominator). */
function meanAndDeviation(values: readonly number[]): MetricSummary {
  const count = values.length, mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (count - 1)), count };
}
