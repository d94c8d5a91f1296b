/** What the reader of the page chose. @module */
import type { ReportView } from "../report_view.ts";

/** Changed by the page's controls, and kept while a run goes on. */
export interface Choices {
  metric: string | undefined;
  /** Axes of the heatmap. */
  rows: string | undefined;
  columns: string | undefined;
  /** Over how many losses a curve is smoothed. */
  smoothing: number;
  /** What validations measured. */
  validated: string | undefined;
}

/** What a section of the page is drawn of. */
export interface Drawing {
  readonly view: ReportView;
  readonly choices: Choices;
  /** Draws the whole page again after a choice. */
  readonly redraw: () => void;
}
