/**
 * Rows that are processed batch by batch, with the results so far kept in the store until all are done, so that a run
 * that was killed resumes after them. A batch's results depend only on its own rows.
 *
 * @module
 */
import { RunError, StoppedError } from "../../common/errors.ts";
import { JsonRows } from "../../common/json_rows.ts";
import type { RowList } from "../../common/row_list.ts";
import { getList, putList } from "../../store/json_list.ts";
import { keyOf, type Store } from "../../store/store.ts";
import { CheckpointTimer } from "./checkpoint_interval.ts";
import type { RunContext } from "./run_context.ts";
import { beginWork } from "./work.ts";

/** What the rows of a stage are processed for. */
type Purpose = "answer" | "choice" | "score";

/** Rows to process. */
export interface BatchedRows {
  /** The store's key of what is derived from the results. */
  readonly key: string;
  readonly purpose: Purpose;
  /** The stage's name. */
  readonly stage: string;
  /** The rows' lengths. */
  readonly lengths: readonly number[];
  /** The number of rows in a batch. */
  readonly size: number;
  /** The number of batches that are processed at once; 1 if omitted. */
  readonly atOnce?: number;
  /** Whether to hide progress for now. */
  readonly isQuiet?: (() => boolean) | undefined;
}

const kind = "part";
const partKey = (key: string, purpose: Purpose) => keyOf([key, purpose]);

/**
 * Processes all rows except those whose results an earlier run has saved; returns a result for each.
 *
 * @param work Computes a batch's results; it also gets the next batch, to prepare it in the meantime.
 */
export async function inBatches<T>(
  runContext: Pick<RunContext, "store" | "emit" | "checkpointInterval">,
  rows: BatchedRows,
  work: (batch: readonly number[], next: readonly number[] | undefined) => Promise<readonly T[]>,
): Promise<RowList<T>> {
  const { store, emit } = runContext, { purpose, stage, lengths, atOnce = 1 } = rows, key = partKey(rows.key, purpose);
  const timer = new CheckpointTimer(runContext.checkpointInterval, 0), planned = batches(lengths, rows.size);
  // In the order of the batches, whose rows are those that they were for whoever kept this.
  const results = await getList<T>(store, kind, key) ?? new JsonRows<T>();
  const resumed = results.length, open: Promise<readonly T[]>[] = [];
  const show = progress(rows, emit);
  show(resumed);
  let start = 0, kept = results.length;
  const keep = async () => {
    if (results.length === kept) return;
    await timer.measure(() => putList(store, kind, key, results.list()));
    kept = results.length;
  };
  const take = async () => {
    for (const result of await open.shift()!) results.push(result);
    show(results.length);
    if (timer.isDue) await keep().catch(tolerate);
  };
  try {
    for (const [at, batch] of planned.entries()) {
      start += batch.length;
      if (start <= resumed) continue;
      const result = work(batch, planned[at + 1]);
      open.push(result);
      // It is awaited later, by when another may have failed.
      result.catch(() => {});
      if (open.length >= atOnce) await take();
    }
    while (open.length > 0) await take();
  } catch (error) {
    await Promise.allSettled(open);
    if (!(error instanceof StoppedError)) throw error;
    await keep().catch(tolerate);
    throw error.at(`at ${purpose} ${kept} of ${lengths.length} of ${stage}`);
  }
  const order = new Uint32Array(lengths.length);
  let at = 0;
  for (const batch of planned) for (const row of batch) order[row] = at++;
  return results.list(order);
}

/** Shows how many rows are done, from when that is not hidden. */
function progress({ purpose, stage, lengths, isQuiet }: BatchedRows, emit: RunContext["emit"]): (done: number) => void {
  let show: ReturnType<typeof beginWork> | undefined;
  return (done) => {
    if (isQuiet?.() === true) return;
    if (show !== undefined) return show(done);
    show = beginWork(emit, purpose === "answer" ? "evaluate" : "score", lengths.length, stage);
    if (done > 0) show(done, true);
  };
}

/** Removes the partial results once the final ones are in the store. */
export function removeParts(store: Store, key: string): void {
  for (const purpose of ["answer", "choice", "score"] as const) store.remove(kind, partKey(key, purpose));
}

/**
 * If the disk refuses, or JSON cannot represent a number that is not finite, nothing is saved and the work continues.
 */
function tolerate(error: unknown): void {
  if (!(error instanceof RunError || error instanceof TypeError)) throw error;
}

/** Batches of rows of similar length, longest first so that memory grows only once. */
function batches(lengths: readonly number[], size: number): number[][] {
  const order = [...lengths.keys()].sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  return Array.from({ length: Math.ceil(order.length / size) }, (_, batch) => {
    return order.slice(batch * size, (batch + 1) * size);
  });
}
