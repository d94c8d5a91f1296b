/** What a report is made from. @module */
import type { Results } from "../results/results.ts";
import type { LiveMember, LiveTraining } from "./live.ts";
import type { ReportPredictions } from "./report_predictions.ts";
import type { RunState } from "./report_view.ts";

/** What a report is made from. */
export interface ReportSource {
  readonly results: Results;
  /** When the run ended, or began if it is still running. */
  readonly made: string;
  /** Provider, threads and versions, one text each. */
  readonly machine: readonly string[];
  readonly manifest: string;
  /** The pipeline file's text; empty if there is none. */
  readonly pipelineText: string;
  /** The predictions of a file in the run folder. */
  readonly predictions: (path: string) => ReportPredictions;
  /** Whether the page is served and follows the run. */
  readonly isLive?: boolean;
  /** The state of the run; done if omitted. */
  readonly state?: RunState;
  /** Members of an unfinished run: all of them, and the current trainings. */
  readonly unfinished?: { readonly planned: readonly LiveMember[]; readonly trainings: readonly LiveTraining[] };
}
