/** An entry of the store with a training's tensors and the losses of its steps: a result or a checkpoint. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import type { Rewards } from "./rewards.ts";
import type { Entry, Store } from "../../store/store.ts";

/** What an entry holds. */
export interface TrainingContent {
  readonly tensors: TensorMap;
  /** One number for each step that is done. */
  readonly losses: readonly number[];
  /** Likewise, of each step the norm of the gradients before they were clipped; none where they are not. */
  readonly gradientNorms: readonly number[];
  /** Likewise, means of rewards over a step's rows; where the training is on preferences. */
  readonly rewards?: Rewards;
  readonly stepSeconds: readonly number[];
}

/** Reads an entry. */
export async function readTrainingEntry(entry: Entry): Promise<TrainingContent> {
  const tensors = await Promise.all(
    [...entry.tensors].map(async ([name, { shape }]) => [name, { data: await entry.read(name), shape }] as const),
  );
  const numbers = (name: string) => JSON.parse(ownValue(entry.metadata, name) ?? "[]") as number[];
  const rewards = ownValue(entry.metadata, "rewards");
  return {
    tensors: Object.fromEntries(tensors),
    losses: numbers("losses"),
    gradientNorms: numbers("gradientNorms"),
    ...rewards === undefined ? {} : { rewards: JSON.parse(rewards) as Rewards },
    stepSeconds: numbers("stepSeconds"),
  };
}

/** Writes an entry of a kind under a key. */
export async function putTrainingEntry(
  store: Store,
  kind: string,
  key: string,
  { tensors, losses, gradientNorms, rewards, stepSeconds }: TrainingContent,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  await store.put(kind, key, (writer) => {
    writer.declare({
      tensors: Object.entries(tensors).map(([name, { shape }]) => ({ name, dtype: "F32", shape: [...shape] })),
      metadata: {
        ...metadata,
        losses: JSON.stringify(losses),
        ...gradientNorms.length > 0 ? { gradientNorms: JSON.stringify(gradientNorms) } : {},
        ...rewards === undefined ? {} : { rewards: JSON.stringify(rewards) },
        stepSeconds: JSON.stringify(stepSeconds),
      },
    });
    for (const [name, { data }] of Object.entries(tensors)) writer.append(name, data);
  });
}
