/** The steps of a training: which rows each of them runs, and which of these run together. @module */
import type { RowList } from "../../common/row_list.ts";
import { type CompiledTraining, rowWork } from "../../compile/frontier/compiled_training.ts";
import type { LaidOutRow } from "../../compile/rows/laid_out_rows.ts";
import { batchOrder, groupByLength } from "../../data/batches.ts";
import type { Resolved, TrainSpec } from "../../spec/mod.ts";
import { lengthsOf } from "../../compile/rows/row_lengths.ts";
import { stepsInEpoch } from "../prepare/steps_in_epoch.ts";

/** What determines which rows run together. */
export type RunCosts = Pick<CompiledTraining, "runOverhead" | "activationBytes" | "contextWeight">;

/** The memory that the activations of one run may take, in bytes: a batch that needs more runs in parts. */
export const mostActivations = 2 ** 28;

/** What determines a training's steps. */
interface StepRequest {
  readonly spec: Resolved<TrainSpec>;
  readonly rows: RowList<LaidOutRow>;
  readonly programs: RunCosts;
}

/** Each step's groups of rows that run together. */
export function stepsOf({ spec, rows, programs }: StepRequest): number[][][] {
  const { batchSize, dataParallel = 1 } = spec;
  const limits = { overhead: programs.runOverhead, most: mostActivations / programs.activationBytes };
  const lengths = lengthsOf(rows), length = (row: number) => rowWork(lengths, row, programs);
  return batchesOf({ spec, rows }).map((batch) => {
    const parts: number[][] = [];
    for (let start = 0; start < batch.length; start += batchSize) {
      for (const share of sharesOf(batch.slice(start, start + batchSize), dataParallel)) {
        parts.push(...groupByLength(share, length, limits));
      }
    }
    return parts;
  });
}

/** Each step's rows. */
function batchesOf({ spec, rows }: Pick<StepRequest, "spec" | "rows">): number[][] {
  const { batchSize, gradientAccumulation, shuffle, seed } = spec, steps = stepCount({ spec, rows });
  // Only as many epochs are shuffled as the steps reach.
  const epochs = Math.ceil(steps / stepsInEpoch({ spec, rows })) || 0;
  const dealt = { count: rows.length, batchSize: batchSize * gradientAccumulation, epochs, shuffle, seed };
  return batchOrder(dealt).slice(0, steps);
}

/** The rows that a training uses in its steps; `undefined` if it uses all, as with at least one whole epoch. */
export function takenRows({ spec, rows }: Pick<StepRequest, "spec" | "rows">): readonly number[] | undefined {
  return stepCount({ spec, rows }) < stepsInEpoch({ spec, rows }) ? batchesOf({ spec, rows }).flat() : undefined;
}

/** The rows of a batch in parts of about the same size, as many as there are devices or rows. */
function sharesOf(batch: readonly number[], of: number): readonly (readonly number[])[] {
  const parts = Math.min(of, batch.length), startOf = (part: number) => Math.floor(part * batch.length / parts);
  return Array.from({ length: parts }, (_, part) => batch.slice(startOf(part), startOf(part + 1)));
}

/** How many steps a training has. */
export function stepCount({ spec, rows }: Pick<StepRequest, "spec" | "rows">): number {
  const { epochs, maxSteps = Infinity } = spec;
  return Math.min(maxSteps, epochs * stepsInEpoch({ spec, rows }));
}

/** How many rows all steps use together, counting each use. */
export function rowsTaken({ spec, rows }: Pick<StepRequest, "spec" | "rows">): number {
  const effective = spec.batchSize * spec.gradientAccumulation, inEpoch = stepsInEpoch({ spec, rows });
  const steps = stepCount({ spec, rows });
  return Math.floor(steps / inEpoch) * rows.length + Math.min(rows.length, (steps % inEpoch) * effective);
}
