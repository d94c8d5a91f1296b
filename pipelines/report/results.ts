/** The content of results.json. @module */
import type { EncodeRecord } from "../schedule/encode.ts";

/** A training's line. */
export interface TrainRecord {
  readonly name: string;
  readonly kind: "train";
  readonly cached: boolean;
  readonly seconds: number;
  readonly steps: number;
  /** One number a step, in nats a token. */
  readonly losses: readonly number[];
  readonly stepSeconds: readonly number[];
}

/** An evaluation's line. */
export interface EvaluateRecord {
  readonly name: string;
  readonly kind: "evaluate";
  readonly cached: boolean;
  readonly seconds: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** A path within the run's folder. */
  readonly predictions: string;
}

/** A member's results. */
export interface MemberRecord {
  readonly id: string;
  readonly axes: Readonly<Record<string, string | number | boolean>>;
  readonly trainableParameters: number;
  readonly stages: readonly (TrainRecord | EvaluateRecord)[];
}

/** A run's results. */
export interface Results {
  readonly pipeline: string;
  readonly members: readonly MemberRecord[];
  readonly encode: readonly EncodeRecord[];
}
