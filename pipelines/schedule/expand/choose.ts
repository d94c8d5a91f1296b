/** Choosing the best of several members. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import { ofKind } from "../../common/of_kind.ts";
import { locationOf } from "../../common/source_location.ts";
import { isLowerBetter, isMetric, metricNameOf, metricOf } from "../../metrics/mod.ts";
import type { MemberRecord } from "../../results/results.ts";
import type { BestSpec, MetricSpec } from "../../spec/mod.ts";
import type { Point } from "./axes.ts";
import type { Member } from "./member.ts";

/** A member that may be the best, with its point on the axes. */
export interface Candidate {
  readonly member: Member;
  readonly point: Point;
}

/** The metric by which the best member is chosen. */
export function comparedBy({ by }: BestSpec): MetricSpec {
  return by.kind === "halving" ? by.by : by;
}

/**
 * Rejects a best member whose metric its stage does not measure.
 *
 * @throws {RequestError} If the stage does not have that metric.
 */
export function requireMetric(best: BestSpec): void {
  const by: unknown = comparedBy(best), { metrics } = best.stage;
  if (!isMetric(by)) {
    throw new RequestError(
      "best compares by a value that is not a metric; give it a metric, as in exactMatch()",
      locationOf(best),
    );
  }
  const name = metricNameOf(by), isSame = (other: unknown) => isMetric(other) && metricNameOf(other) === name;
  if (!Array.isArray(metrics) || metrics.some(isSame)) return;
  throw new RequestError(
    `best compares by ${name}, which its evaluation does not measure; add ${
      metricOf(by).call
    } to the evaluation's metrics`,
    locationOf(best),
  );
}

/**
 * Candidates from the best to the worst; repeats of one experiment count as one candidate, by their mean. Of equals,
 * the first one is better.
 *
 * @param records The candidates' results; a candidate without one counts as the worst.
 */
export function ranked(
  candidates: readonly Candidate[],
  records: readonly MemberRecord[],
  stage: string,
  by: MetricSpec,
): Candidate[] {
  const metric = metricNameOf(by);
  const value = (record: MemberRecord | undefined) => {
    const found = ofKind(record?.stages ?? [], "evaluate").find(({ name }) => name === stage);
    return ownValue(found?.metrics ?? {}, metric) ?? NaN;
  };
  const sign = isLowerBetter(by) ? 1 : -1;
  const groups = [...Map.groupBy(candidates.keys(), (at) => candidates[at]!.member.repeated).values()];
  const cost = (group: readonly number[]) => {
    const mean = group.reduce((sum, at) => sum + value(records[at]), 0) / group.length;
    return Number.isNaN(mean) ? Infinity : sign * mean;
  };
  return groups.map((group) => ({ first: candidates[group[0]!]!, cost: cost(group) }))
    .sort((a, b) => a.cost - b.cost).map(({ first }) => first);
}
