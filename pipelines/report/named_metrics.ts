/** The metrics of a member's evaluations, by stage and metric. @module */
import { ofKind } from "../common/of_kind.ts";
import type { EvaluateRecord, MemberRecord } from "../results/results.ts";

/** A field of a member's evaluations by stage and metric, as in `tuned exactMatch`. */
function byMetric<T>(
  { stages }: Pick<MemberRecord, "stages">,
  fieldOf: (stage: EvaluateRecord) => Readonly<Record<string, T>> | undefined,
): Record<string, T> {
  return Object.fromEntries(
    ofKind(stages, "evaluate").flatMap((stage) => {
      return Object.entries(fieldOf(stage) ?? {}).map((
        [metric, value],
      ): [string, T] => [`${stage.name} ${metric}`, value]);
    }),
  );
}

/** A member's metrics. */
export const metricsOf = (member: Pick<MemberRecord, "stages">) => byMetric(member, ({ metrics }) => metrics);
/** The standard errors of the metrics that have one. */
export const errorsOf = (member: Pick<MemberRecord, "stages">) => byMetric(member, (stage) => stage.standardErrors);
/** The units of the metrics that have one. */
export const unitsOf = (member: Pick<MemberRecord, "stages">) => byMetric(member, ({ units }) => units);
