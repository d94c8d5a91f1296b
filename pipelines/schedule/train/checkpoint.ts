/**
 * A training's state between two steps, kept in the store under the training's key until the training is done. A run
 * that died at any moment continues from it and comes to the same bytes: the state is all that a step takes from those
 * before it, float32 numbers that come back as they were, and what a step draws depends on its number alone.
 *
 * Members that train together have a checkpoint each, so that they may be batched in another way the next time.
 *
 * @module
 */
import type { Store } from "../../store/store.ts";
import { putTrainingEntry, readTrainingEntry, type TrainingContent } from "./training_entry.ts";

/**
 * What is kept of one training: parameters, moments and the parameters of one step before, under the names that the
 * training alone has for them.
 */
export type Checkpoint = TrainingContent;

const kind = "checkpoint";
/** Raised when what a checkpoint holds changes; one of another form is as good as none. */
const form = "1";

/** A training's checkpoint, if there is one. */
export async function findCheckpoint(store: Store, key: string): Promise<Checkpoint | undefined> {
  using entry = await store.get(kind, key);
  return entry === undefined || entry.metadata["form"] !== form ? undefined : await readTrainingEntry(entry);
}

/** Keeps a training's checkpoint, replacing an earlier one. */
export async function putCheckpoint(store: Store, key: string, checkpoint: Checkpoint): Promise<void> {
  await putTrainingEntry(store, kind, key, checkpoint, { form });
}

/** Removes a training's checkpoint, once its result is in the store; another run of it needs none then either. */
export function removeCheckpoint(store: Store, key: string): void {
  store.remove(kind, key);
}
