/** The parameters that trainings keep of some of their epochs, each in its own entry of the store. @module */
import type { TensorMap } from "../../compile/parameters/initial.ts";
import { keyOf, type Store } from "../../store/store.ts";
import { stepsInEpoch } from "../prepare/steps_in_epoch.ts";
import type { PreparedTraining } from "../prepare/prepared.ts";
import type { TrainJob } from "./train_job.ts";
import { trainedKind } from "./trained.ts";
import { putTrainingEntry, readTrainingEntry } from "./training_entry.ts";

/** The key of what a training had learned after an epoch. */
export function epochKey(key: string, epoch: number): string {
  return keyOf([key, "epoch", epoch]);
}

/** Stores what a training had learned after an epoch, in saved form, unless the store has it. */
export async function keepEpoch(
  store: Store,
  key: string,
  epoch: number,
  tensors: () => Promise<TensorMap>,
): Promise<void> {
  if (store.has(trainedKind, epochKey(key, epoch))) return;
  const content = { tensors: await tensors(), losses: [], gradientNorms: [], stepSeconds: [] };
  await putTrainingEntry(store, trainedKind, epochKey(key, epoch), content, {});
}

/** What a training had learned after an epoch; `undefined` if the store does not have it. */
export async function findEpoch(store: Store, key: string, epoch: number): Promise<TensorMap | undefined> {
  using entry = await store.get(trainedKind, epochKey(key, epoch));
  return entry === undefined ? undefined : (await readTrainingEntry(entry)).tensors;
}

/** Whether a training that ran this many steps ended before an epoch, as patience may cause. */
export function endedBefore({ spec, rows }: PreparedTraining, steps: number, epoch: number): boolean {
  return epoch * stepsInEpoch({ spec, rows }) > steps;
}

/** Whether the store has all epochs that a training of this many steps keeps. */
export function hasEpochs(store: Store, { stage, key }: Pick<TrainJob, "stage" | "key">, steps: number): boolean {
  return (stage.spec.checkpoints ?? []).every((epoch) => {
    return endedBefore(stage, steps, epoch) || store.has(trainedKind, epochKey(key, epoch));
  });
}
