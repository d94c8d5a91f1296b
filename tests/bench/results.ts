/** The content of results.json. @module */
import type { ProgramMeasure } from "./analysis.ts";
import type { GenerationBatch } from "./generation.ts";
import type { Figure } from "./jobs.ts";
import type { Memory } from "./refract.ts";

/** What was measured, and on what. */
export interface BenchResults {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly threads: number;
  /** How often each side ran a job, in turns. */
  readonly runs: number;
  readonly jobs: readonly JobResult[];
  /** Absent where it was not measured. */
  readonly generation?: GenerationResult;
}

/** One job. */
export interface JobResult {
  readonly name: string;
  readonly title: string;
  readonly peer: SideResult;
  readonly refract: SideResult;
  /** The largest relative difference of two losses of the same step. */
  readonly lossDifference: number;
  readonly figures: readonly FigureResult[];
  /** Refract's programs. */
  readonly programs: readonly ProgramMeasure[];
  /** The peaks of a further run of Refract, in bytes. */
  readonly memory?: Memory;
}

/** What one side took. */
export interface SideResult {
  /** Seconds of a step in the later half of the first training: the median of all runs' medians, and the least. */
  readonly step: Summary;
  /** Seconds of the whole process, or of all of them. */
  readonly cold: Summary;
  /** Members of the job over those that this side trained; `cold` is scaled by it. */
  readonly scaledBy: number;
  /** Each run's seconds, as measured. */
  readonly seconds: readonly number[];
  /** The first training's steps in each run. */
  readonly stepSeconds: readonly (readonly number[])[];
  /** Of the trainings that both sides ran, in the last run. */
  readonly losses: readonly (readonly number[])[];
}

/** Several measurements of one thing. */
export interface Summary {
  readonly median: number;
  /** The least of seconds, the most of rates. */
  readonly best: number;
}

/** A figure of the table. */
export interface FigureResult extends Figure {
  /** Of the medians. */
  readonly ratio: number;
  /** The peer's floating-point operations (counted by formula) over Refract's (counted on its programs). */
  readonly fewerFlops: number;
  /** The rest of the ratio: operations a second, with all that is not a matrix product. */
  readonly fasterFlops: number;
  readonly peerFlops: number;
  readonly refractFlops: number;
}

/** Writing: Refract with an edit against transformers with none. */
export interface GenerationResult {
  /** The most tokens that were written for a prompt. */
  readonly newTokens: number;
  readonly batches: readonly GenerationBatchResult[];
}

/** Writing with one size of batch. */
export interface GenerationBatchResult extends GenerationBatch {
  readonly peer: GenerationSide;
  readonly refract: GenerationSide;
  /** Refract's tokens a second over the peer's, of the medians. */
  readonly ratio: number;
}

/** What one side wrote. */
export interface GenerationSide {
  /** Tokens a second over all prompts. */
  readonly rate: Summary;
  /** Each run's tokens before the rows' ends. */
  readonly tokens: readonly number[];
  /** Each run's seconds in the calls that wrote them. */
  readonly seconds: readonly number[];
}
