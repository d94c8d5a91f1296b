/** How many steps an epoch has. @module */
import type { Resolved, TrainSpec } from "../../spec/mod.ts";

/** What decides how many steps an epoch has. */
export interface EpochRows {
  readonly spec: Pick<Resolved<TrainSpec>, "batchSize" | "gradientAccumulation">;
  readonly rows: { readonly length: number };
}

/** How many steps take all rows once. */
export function stepsInEpoch({ spec, rows }: EpochRows): number {
  return Math.ceil(rows.length / (spec.batchSize * spec.gradientAccumulation));
}
