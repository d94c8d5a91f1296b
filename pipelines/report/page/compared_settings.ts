/** The settings of two members, side by side. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import type { MemberView } from "../report_view.ts";

/** A line of the comparison. */
interface ComparedLine {
  readonly name: string;
  readonly first: string;
  readonly second: string;
  readonly isEqual: boolean;
}

/** The settings of two members, by the names of either. */
export function comparedSettings(first: MemberView, second: MemberView): ComparedLine[] {
  const names = [...new Set([...Object.keys(first.settings), ...Object.keys(second.settings)])];
  return names.map((name) => {
    const [a, b] = [first, second].map(({ settings }) => String(ownValue(settings, name) ?? "")) as [string, string];
    return { name, first: a, second: b, isEqual: a === b };
  });
}
