/** The result of a training, and its entry in the store. @module */
import type { EncodeRecord, ReferenceRecord } from "../../results/results.ts";
import type { Store } from "../../store/store.ts";
import { removeCheckpoint } from "./checkpoint.ts";
import { putTrainingEntry, readTrainingEntry, type TrainingContent } from "./training_entry.ts";

/** The result of a training: the trained tensors in saved form, and the history of its steps. */
export interface Trained extends TrainingContent {
  readonly cached: boolean;
  /** The encoding that it read, if any. */
  readonly encoding: EncodeRecord | undefined;
  /** The frozen model's scores of the rows' answers, if the objective compares with them. */
  readonly reference?: ReferenceRecord | undefined;
  /** How long it took; for batched trainings, each one's share. */
  readonly seconds: number;
}

/** The kind of the store's entries. */
export const trainedKind = "train";

/** The result of an earlier run with the same key. */
export async function findTrained(store: Store, key: string): Promise<Trained | undefined> {
  const start = performance.now();
  using entry = await store.get(trainedKind, key);
  if (entry === undefined) return undefined;
  // A run may have been killed between storing the result and removing the checkpoint.
  removeCheckpoint(store, key);
  const content = await readTrainingEntry(entry), { encoding, reference } = entry.metadata;
  return {
    ...content,
    cached: true,
    encoding: encoding === undefined ? undefined : JSON.parse(encoding),
    ...reference === undefined ? {} : { reference: { ...JSON.parse(reference), cached: true, seconds: 0 } },
    seconds: (performance.now() - start) / 1000,
  };
}

/** Stores a training's result and removes its checkpoint, which is no longer needed. */
export async function storeTrained(store: Store, key: string, trained: Omit<Trained, "seconds">): Promise<void> {
  const { encoding, reference } = trained;
  const metadata = {
    ...encoding === undefined ? {} : { encoding: JSON.stringify(encoding) },
    ...reference === undefined ? {} : { reference: JSON.stringify(reference) },
  };
  await putTrainingEntry(store, trainedKind, key, trained, metadata);
  removeCheckpoint(store, key);
}
