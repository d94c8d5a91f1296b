/**
 * A training's state between two steps, kept in the store under the training's key until the training is done. A run
 * that died at any moment goes on from it and comes to the same bytes: the state is all that a step takes from those
 * before it, float32 numbers that come back as they were, and what a step draws depends on its number alone.
 *
 * Members that train side by side have a checkpoint each, so that they may be grouped in another way the next time.
 *
 * @module
 */
import { elementCount } from "../../../ops/program/dimension.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import { RunError } from "../../common/errors.ts";
import type { Store } from "../../store/store.ts";
import { ownTensors } from "./batched_members.ts";
import { CheckpointTimer } from "../context/checkpoint_interval.ts";
import type { TrainRun } from "./train.ts";
import type { TuneJob } from "./tune.ts";
import type { RunContext } from "../context/run_context.ts";

/** What is kept of one training. */
export interface Checkpoint {
  /** Parameters, moments and the parameters of one step before, under the names that the training alone has for them. */
  readonly tensors: TensorMap;
  /** One number for each step behind. */
  readonly losses: readonly number[];
  readonly stepSeconds: readonly number[];
}

/** A training and where an earlier run of it came to. */
export interface ResumableTune {
  readonly job: TuneJob;
  readonly checkpoint: Checkpoint | undefined;
}

const kind = "checkpoint";
/** Raised when what a checkpoint holds changes; one of another form is as good as none. */
const form = "1";

/** How many steps of a training are behind. */
export function stepsBehind(checkpoint: Checkpoint | undefined): number {
  return checkpoint?.losses.length ?? 0;
}

/** A training with its checkpoint, if there is one. */
export async function resumable(store: Store, job: TuneJob): Promise<ResumableTune> {
  using entry = await store.get(kind, job.key);
  if (entry === undefined || entry.metadata["form"] !== form) return { job, checkpoint: undefined };
  const tensors: Record<string, TensorMap[string]> = {};
  for (const [name, { shape }] of entry.tensors) tensors[name] = { data: await entry.read(name), shape };
  const numbers = (name: string) => JSON.parse(entry.metadata[name]!) as number[];
  return { job, checkpoint: { tensors, losses: numbers("losses"), stepSeconds: numbers("stepSeconds") } };
}

/** One training's losses and its share of the seconds, of all steps behind. */
export function historyOf(
  trainings: readonly ResumableTune[],
  at: number,
  { losses, stepSeconds }: Pick<TrainRun, "losses" | "stepSeconds">,
): Pick<Checkpoint, "losses" | "stepSeconds"> {
  const before = trainings[at]?.checkpoint;
  return {
    losses: [...before?.losses ?? [], ...losses[at]!],
    stepSeconds: [...before?.stepSeconds ?? [], ...stepSeconds.map((seconds) => seconds / trainings.length)],
  };
}

/** Removes a training's checkpoint, once its result is in the store; another run of it needs none then either. */
export function removeCheckpoint(store: Store, { key }: TuneJob): void {
  store.remove(kind, key);
}

async function write(store: Store, key: string, { tensors, losses, stepSeconds }: Checkpoint): Promise<void> {
  await store.put(kind, key, (writer) => {
    writer.declare({
      tensors: Object.entries(tensors).map(([name, { shape }]) => ({ name, dtype: "F32", shape: [...shape] })),
      metadata: { form, losses: JSON.stringify(losses), stepSeconds: JSON.stringify(stepSeconds) },
    });
    for (const [name, { data }] of Object.entries(tensors)) writer.append(name, data);
  });
}

/** Keeps checkpoints of trainings that run side by side while they run. */
export class CheckpointKeeper {
  readonly #runContext: RunContext;
  readonly #trainings: readonly ResumableTune[];
  #pacemaker: CheckpointTimer | undefined;
  #run: TrainRun | undefined;
  /** How many steps are kept. */
  #kept: number;

  constructor(runContext: RunContext, trainings: readonly ResumableTune[]) {
    this.#runContext = runContext;
    this.#trainings = trainings;
    this.#kept = stepsBehind(trainings[0]?.checkpoint);
    const values = trainings.flatMap(({ job }) => job.programs.parameters.map(({ shape }) => shape));
    const elements = values.reduce((sum, shape) => sum + elementCount(shape), 0);
    // Parameters, two moments, and the parameters of one step before.
    this.#pacemaker = new CheckpointTimer(runContext.pace, 4 * 4 * elements);
  }

  /** Takes note of a step that is done, and keeps the state if it is time to. */
  async reached(run: TrainRun): Promise<void> {
    this.#run = run;
    if (this.#pacemaker?.isDue) await this.keep();
  }

  /**
   * Keeps the newest state, if it is here and not kept yet. A disk that refuses does not end the training.
   *
   * @returns How many steps are kept.
   */
  async keep(): Promise<number> {
    const run = this.#run, state = run?.state(), pacemaker = this.#pacemaker;
    const steps = stepsBehind(this.#trainings[0]?.checkpoint) + (run?.stepSeconds.length ?? 0);
    if (run === undefined || state === undefined || pacemaker === undefined || steps === this.#kept) return this.#kept;
    const { store } = this.#runContext, jobs = this.#trainings.map(({ job }) => job);
    try {
      await pacemaker.keep(async () => {
        for (const [at, { key }] of jobs.entries()) {
          await write(store, key, { tensors: ownTensors(jobs, at, state), ...historyOf(this.#trainings, at, run) });
        }
      });
      this.#kept = steps;
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      this.#pacemaker = undefined;
      this.#runContext.progress.warn(`${error.message} (the training goes on without checkpoints)`);
    }
    return this.#kept;
  }
}
