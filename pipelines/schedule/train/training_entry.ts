/** An entry of the store with a training's tensors and the losses of its steps: a result or a checkpoint. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import type { Rewards } from "./rewards.ts";
import type { ValidationRecord } from "../../results/results.ts";
import type { Entry, Store } from "../../store/store.ts";

/** What an entry holds. */
export interface TrainingContent {
  readonly tensors: TensorMap;
  /** One number for each completed step. */
  readonly losses: readonly number[];
  /** Likewise, the norm of each step's gradients before clipping; empty if they are not clipped. */
  readonly gradientNorms: readonly number[];
  /** Likewise, means of rewards over a step's rows, if the training is on preferences. */
  readonly rewards?: Rewards;
  readonly stepSeconds: readonly number[];
  /** What its validations measured; absent if there were none. */
  readonly validation?: readonly ValidationRecord[];
  /** The best parameters so far, in saved form, if they are not among the tensors; only for unfinished trainings. */
  readonly best?: TensorMap;
}

/** The prefix of the names of the best parameters. */
const best = "best.";

/** Reads an entry. */
export async function readTrainingEntry(entry: Entry): Promise<TrainingContent> {
  const tensors = await Promise.all(
    [...entry.tensors].map(async ([name, { shape }]) => [name, { data: await entry.read(name), shape }] as const),
  );
  const numbers = (name: string) => JSON.parse(ownValue(entry.metadata, name) ?? "[]") as number[];
  const rewards = ownValue(entry.metadata, "rewards");
  const validation = ownValue(entry.metadata, "validation");
  const bests = tensors.filter(([name]) => name.startsWith(best));
  return {
    tensors: Object.fromEntries(tensors.filter(([name]) => !name.startsWith(best))),
    ...validation === undefined ? {} : { validation: JSON.parse(validation) },
    ...bests.length === 0
      ? {}
      : { best: Object.fromEntries(bests.map(([name, tensor]) => [name.slice(best.length), tensor])) },
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
  { tensors, losses, gradientNorms, rewards, stepSeconds, validation = [], best: bests = {} }: TrainingContent,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const all = [
    ...Object.entries(tensors),
    ...Object.entries(bests).map(([name, each]) => [best + name, each] as const),
  ];
  await store.put(kind, key, (writer) => {
    writer.declare({
      tensors: all.map(([name, { shape }]) => ({ name, dtype: "F32", shape: [...shape] })),
      metadata: {
        ...metadata,
        losses: JSON.stringify(losses),
        ...gradientNorms.length > 0 ? { gradientNorms: JSON.stringify(gradientNorms) } : {},
        ...rewards === undefined ? {} : { rewards: JSON.stringify(rewards) },
        stepSeconds: JSON.stringify(stepSeconds),
        ...validation.length > 0 ? { validation: JSON.stringify(validation) } : {},
      },
    });
    for (const [name, { data }] of all) writer.append(name, data);
  });
}
