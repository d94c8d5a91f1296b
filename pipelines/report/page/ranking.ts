/** Which members are better. @module */
import { ownValue } from "./own_value.ts";
import type { MemberView, ReportView } from "../report_view.ts";

/** The best member by a metric, the first of equals; none if no member has it. */
export function bestOf(
  { members, lowerIsBetter }: Pick<ReportView, "members" | "lowerIsBetter">,
  metric: string | undefined,
): MemberView | undefined {
  if (metric === undefined) return undefined;
  const isLower = lowerIsBetter.includes(metric);
  let best: MemberView | undefined, most = NaN;
  for (const member of members) {
    const value = ownValue(member.metrics, metric);
    if (value === undefined) continue;
    if (best === undefined || (isLower ? value < most : value > most)) [best, most] = [member, value];
  }
  return best;
}
