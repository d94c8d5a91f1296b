/**
 * A training's state between two steps, kept in the store under the training's key until the training is done. A run
 * that was killed at any moment continues from it and produces the same bytes: the state is everything that a step
 * takes from earlier ones, its float32 values are restored exactly, and the random numbers of a step depend only on its
 * number.
 *
 * Members that train together have separate checkpoints, so that they can be batched differently the next time.
 *
 * @module
 */
import type { Store } from "../../store/store.ts";
import { putTrainingEntry, readTrainingEntry, type TrainingContent } from "./training_entry.ts";

/**
 * What is kept of one training: parameters, moments and the parameters of the previous step, under the names that they
 * have when the training runs alone.
 */
export type Checkpoint = TrainingContent;

const kind = "checkpoint";
/** Raised when the content of a checkpoint changes; one of another version is ignored. */
const form = "1";

/** A training's checkpoint, if there is one. */
export async function findCheckpoint(store: Store, key: string): Promise<Checkpoint | undefined> {
  using entry = await store.get(kind, key);
  return entry === undefined || entry.metadata["form"] !== form ? undefined : await readTrainingEntry(entry);
}

/** Saves a training's checkpoint, replacing an earlier one. */
export async function putCheckpoint(store: Store, key: string, checkpoint: Checkpoint): Promise<void> {
  await putTrainingEntry(store, kind, key, checkpoint, { form });
}

/** Removes a training's checkpoint once its result is in the store, because no other run needs it then. */
export function removeCheckpoint(store: Store, key: string): void {
  store.remove(kind, key);
}
