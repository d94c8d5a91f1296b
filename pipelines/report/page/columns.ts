/** The columns of the table of members, and its order. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import type { MemberView, ReportView } from "../report_view.ts";
import { decimal, duration, measured, percent, whole, withUnit } from "./format.ts";

/** A column: the value that members are sorted by and the text of a cell. */
export interface Column {
  readonly name: string;
  readonly value: (member: MemberView) => string | number;
  readonly text: (member: MemberView) => string;
  /** Whether the first click sorts the largest value to the top. */
  readonly largestFirst: boolean;
  /** Whether it belongs to the untrained model, and is therefore set apart. */
  readonly isBase?: true;
}

/** The columns of a run with these metrics; those of the untrained model come last. */
export function columnsOf(
  { metrics, lowerIsBetter, units, untrainedMetrics, members }: Pick<
    ReportView,
    "metrics" | "lowerIsBetter" | "units" | "untrainedMetrics" | "members"
  >,
): Column[] {
  const column = (metric: string): Column => ({
    name: withUnit(metric, ownValue(units, metric)),
    value: (member) => ownValue(member.metrics, metric) ?? NaN,
    text: (member) => measured(ownValue(member.metrics, metric), ownValue(member.standardErrors, metric), 4),
    largestFirst: !lowerIsBetter.includes(metric),
  });
  const isBase = (metric: string) => untrainedMetrics.includes(metric);
  const isTrained = members.some(({ parameters }) => parameters > 0), areShared = members.some(({ share }) => share);
  return [
    { name: "member", value: ({ id }) => id, text: ({ id }) => id, largestFirst: false },
    ...metrics.filter((metric) => !isBase(metric)).map(column),
    ...isTrained ? trainedColumns.filter(({ name }) => name !== "share of base" || areShared) : [],
    ...metrics.filter(isBase).map((metric): Column => ({ ...column(metric), isBase: true })),
  ];
}

const trainedColumns: readonly Column[] = [
  numbers("trainable", ({ parameters }) => parameters, whole, true),
  numbers("share of base", ({ share }) => share, (share) => Number.isNaN(share) ? "" : percent(share), true),
  numbers("final loss", ({ finalLoss }) => finalLoss, (loss) => decimal(loss, 4), false),
  {
    ...numbers("train", ({ seconds }) => seconds, duration, true),
    text: ({ state, seconds, trainings }) => {
      if (state !== "done") return state;
      if (trainings === 0) return "";
      return seconds === 0 ? "cached" : duration(seconds);
    },
  },
];

function numbers(
  name: string,
  of: (member: MemberView) => number | undefined,
  show: (value: number) => string,
  largestFirst: boolean,
): Column {
  const value = (member: MemberView) => of(member) ?? NaN;
  return { name, value, text: (member) => show(value(member)), largestFirst };
}

/** The members in the order of a column; those without a value come last either way. */
export function sortedBy(members: readonly MemberView[], { value }: Column, isDescending: boolean): MemberView[] {
  const sign = isDescending ? -1 : 1;
  return [...members].sort((a, b) => compare(value(a), value(b), sign));
}

function compare(a: string | number, b: string | number, sign: number): number {
  if (typeof a === "string" || typeof b === "string") {
    return sign * String(a).localeCompare(String(b), "en", { numeric: true });
  }
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return sign * (a - b);
}
