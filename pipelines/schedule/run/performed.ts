/**
 * What was done for members before they run: a run finds it in the store but still reports how long it took.
 *
 * @module
 */
import type { EncodeRecord, StageRecord } from "../../results/results.ts";
import type { PreparedStage } from "../prepare/prepared.ts";

/** What was done. */
export interface Performed {
  readonly stages: ReadonlyMap<PreparedStage, StageRecord>;
  readonly encodings: readonly EncodeRecord[];
}

/** Nothing was done. */
export const nothingPerformed: Performed = { stages: new Map(), encodings: [] };
