/** Which members repeat one experiment. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import type { MemberRecord, Results } from "../results/results.ts";
import type { LiveMember } from "./live.ts";

/**
 * The experiment that each member repeats: as `repeat` declares it, or if its settings are those of another member
 * except for seeds, because a sweep over seeds is a repetition as well.
 */
export function repeatedOf(
  { members, summaries = [] }: Pick<Results, "members" | "summaries">,
  planned: readonly LiveMember[] = [],
): ReadonlyMap<string, string> {
  const declared = new Map([
    ...planned.map(({ id, repeated }) => [id, repeated] as const),
    ...summaries.flatMap(({ id, members }) => members.map((each) => [each, id] as const)),
  ]);
  const groups = Map.groupBy(members, (member) => settingsWithoutSeeds(member) ?? member.id);
  for (const same of groups.values()) {
    const ids = new Set(same.map(({ id }) => declared.get(id) ?? id));
    if (ids.size > 1) { for (const { id } of same) declared.set(id, sharedId(same)); }
  }
  return declared;
}

function settingsWithoutSeeds({ settings }: MemberRecord): string | undefined {
  if (settings === undefined) return undefined;
  const stages = Object.entries(settings).map(([stage, set]) => {
    return [stage, Object.entries(set).filter(([path]) => path !== "seed" && !path.endsWith(".seed"))];
  });
  return JSON.stringify(stages);
}

/** An id in the format of members' ids, with the axes in which they do not differ. */
function sharedId(members: readonly MemberRecord[]): string {
  const [first] = members as readonly [MemberRecord];
  const shared = Object.entries(first.axes).filter(([name, value]) => {
    return members.every(({ axes }) => ownValue(axes, name) === value);
  });
  return shared.map(([name, value]) => `${name}=${value}`).join(",") || "main";
}
