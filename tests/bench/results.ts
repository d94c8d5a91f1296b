/** The content of results.json. @module */
import type { ProgramMeasure } from "./analysis.ts";
import type { GenerationBatch } from "./generation.ts";
import type { Figure } from "./jobs.ts";
import type { Memory } from "./refract.ts";

/** The measurements and their conditions. */
export interface BenchResults {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly threads: number;
  /** The number of runs of each side, in turns. */
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

/** The measurements of one side. */
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
  /** The rest of the ratio: operations per second, including the time of everything that is not a matrix product. */
  readonly fasterFlops: number;
  readonly peerFlops: number;
  readonly refractFlops: number;
}

/** Generation: Refract with an edit against transformers without one. */
export interface GenerationResult {
  /** The most tokens generated for a prompt. */
  readonly newTokens: number;
  readonly batches: readonly GenerationBatchResult[];
}

/** Generation with one batch size. */
export interface GenerationBatchResult extends GenerationBatch {
  readonly peer: GenerationSide;
  readonly refract: GenerationSide;
  /** The ratio of the median rates of Refract and the peer. */
  readonly ratio: number;
}

/** The generation of one side. */
export interface GenerationSide {
  /** Tokens a second over all prompts. */
  readonly rate: Summary;
  /** Each run's tokens before the rows' ends. */
  readonly tokens: readonly number[];
  /** Each run's seconds in the calls that generated them. */
  readonly seconds: readonly number[];
}
