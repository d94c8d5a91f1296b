/** Which members are better. @module */
import type { MemberView } from "../report_view.ts";

/** Whether less of a metric is better. */
export function lowerIsBetter(metric: string): boolean {
  return metric.endsWith(" loss");
}

/** The best member by a metric, the first of equals; none if no member has it. */
export function bestOf(members: readonly MemberView[], metric: string | undefined): MemberView | undefined {
  if (metric === undefined) return undefined;
  let best: MemberView | undefined, most = NaN;
  for (const member of members) {
    const value = member.metrics[metric];
    if (value === undefined) continue;
    if (best === undefined || (lowerIsBetter(metric) ? value < most : value > most)) [best, most] = [member, value];
  }
  return best;
}
