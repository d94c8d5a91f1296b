/** What a report is made of. @module */
import type { Results } from "../results/results.ts";
import type { LiveMember, LiveTraining } from "./live.ts";
import type { RunState } from "./report_view.ts";

/** What a report is made of. */
export interface ReportSource {
  readonly results: Results;
  /** When the run ended, or began if it still runs. */
  readonly made: string;
  /** Provider, threads and versions, a text each. */
  readonly machine: readonly string[];
  readonly manifest: string;
  /** The pipeline file's text; empty where there is none. */
  readonly pipelineText: string;
  /** The predictions of a file in the run's folder. */
  readonly predictions: (path: string) => readonly ReportPrediction[];
  /** Whether the page is served and follows the run. */
  readonly isLive?: boolean;
  /** How the run stands; done if omitted. */
  readonly state?: RunState;
  /** Members of a run that is not done: all of them, and the trainings at work. */
  readonly unfinished?: { readonly planned: readonly LiveMember[]; readonly trainings: readonly LiveTraining[] };
}

/** A row's answer. */
export interface ReportPrediction {
  readonly prompt: string;
  /** The second text of a pair. */
  readonly pair?: string;
  readonly completion: string;
  /** What the completion's tokens say, if that is another text. */
  readonly taught?: string;
  readonly prediction?: string | number;
  /** What the row contributes to each metric. */
  readonly measured?: Readonly<Record<string, number>>;
}
