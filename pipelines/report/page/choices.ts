/** What the reader of the page chose. @module */
import type { ReportView } from "../report_view.ts";

/** Which rows are listed. */
export type RowFilter = "all" | "wrong" | "differ" | "better" | "worse";

/** Changed by the page's controls, and kept during a run. */
interface Choices {
  metric: string | undefined;
  /** Axes of the heatmap. */
  rows: string | undefined;
  columns: string | undefined;
  /** The number of losses over which a curve is smoothed. */
  smoothing: number;
  /** The metric shown for validations. */
  validated: string | undefined;
  /** The two members that are compared. */
  first: string | undefined;
  second: string | undefined;
  /** Whether settings that are equal for both are listed too. */
  withEqual: boolean;
  /** Whose answers are listed, and from which evaluation. */
  stage: string | undefined;
  member: string | undefined;
  filter: RowFilter;
  search: string;
  /** How many rows are listed. */
  shown: number;
}

/** How many rows are listed at first, and added with each click. */
export const rowsAtOnce = 20;

/** What the page shows before anything is chosen. */
export function initialChoices(): Choices {
  const nothing = { metric: undefined, rows: undefined, columns: undefined, validated: undefined, stage: undefined };
  const pair = { first: undefined, second: undefined, withEqual: false, member: undefined };
  return { ...nothing, ...pair, smoothing: 1, filter: "all", search: "", shown: rowsAtOnce };
}

/** What a section of the page is drawn from. */
export interface Drawing {
  readonly view: ReportView;
  readonly choices: Choices;
  /** Redraws the whole page after a choice. */
  readonly redraw: () => void;
}
