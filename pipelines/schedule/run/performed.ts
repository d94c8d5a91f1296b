/** What was done for members before they run, so that a run finds it in the store and yet says what it took. @module */
import type { EncodeRecord, StageRecord } from "../../results/results.ts";
import type { PreparedStage } from "../prepare/prepared.ts";

/** What was done. */
export interface Performed {
  readonly stages: ReadonlyMap<PreparedStage, StageRecord>;
  readonly encodings: readonly EncodeRecord[];
}

/** Nothing was. */
export const nothingPerformed: Performed = { stages: new Map(), encodings: [] };
