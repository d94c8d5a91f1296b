/** Checkpoints of batched trainings while they run. @module */
import { elementCount } from "../../../ops/program/dimension.ts";
import { RunError } from "../../common/errors.ts";
import type { Store } from "../../store/store.ts";
import { CheckpointTimer } from "../context/checkpoint_interval.ts";
import type { RunContext } from "../context/run_context.ts";
import { noteTo } from "../context/work.ts";
import { ownTensors } from "./batched_members.ts";
import { type Checkpoint, findCheckpoint, putCheckpoint } from "./checkpoint.ts";
import { joined, noRewards } from "./rewards.ts";
import type { TrainJob } from "./train_job.ts";
import type { LoopProgress } from "./training_loop.ts";

/** A training and the point that an earlier run of it reached. */
export interface ResumableTraining {
  readonly job: TrainJob;
  /** The id of its member. */
  readonly member: string;
  readonly checkpoint: Checkpoint | undefined;
}

/** A training with its checkpoint, if there is one. */
export async function resumable(store: Store, job: TrainJob, member: string): Promise<ResumableTraining> {
  return { job, member, checkpoint: await findCheckpoint(store, job.key) };
}

/** How many steps of a training are done. */
export function stepsDone(checkpoint: Checkpoint | undefined): number {
  return checkpoint?.losses.length ?? 0;
}

/** One training's losses, gradient norms and share of the seconds, for all completed steps. */
export function historyOf(
  trainings: readonly ResumableTraining[],
  at: number,
  { losses, gradientNorms, rewards, stepSeconds }: Pick<
    LoopProgress,
    "losses" | "gradientNorms" | "rewards" | "stepSeconds"
  >,
): Pick<Checkpoint, "losses" | "gradientNorms" | "rewards" | "stepSeconds"> {
  const before = trainings[at]?.checkpoint;
  return {
    losses: [...before?.losses ?? [], ...losses[at]!],
    gradientNorms: [...before?.gradientNorms ?? [], ...gradientNorms[at]!],
    ...rewards === undefined ? {} : { rewards: joined(before?.rewards ?? noRewards, rewards[at]!) },
    stepSeconds: [
      ...before?.stepSeconds ?? [],
      ...stepSeconds.slice(0, losses[at]!.length).map((seconds) => seconds / trainings.length),
    ],
  };
}

/** What is kept of each training besides the state of its steps. */
interface Watched {
  /** Whether a training's result is in the store, so that nothing more of it has to be kept. */
  readonly isOver: (member: number) => boolean;
  readonly kept: (member: number) => Pick<Checkpoint, "validation" | "best">;
}

const unwatched: Watched = { isOver: () => false, kept: () => ({}) };

/** What saving needs to know about the steps so far. */
type KeptProgress = Omit<LoopProgress, "parameters">;

/** What saving needs from a run. */
type KeepingContext = Pick<RunContext, "store" | "emit" | "checkpointInterval">;

/** Saves checkpoints of batched trainings while they run. */
export class CheckpointKeeper {
  readonly #runContext: KeepingContext;
  readonly #trainings: readonly ResumableTraining[];
  readonly #watched: Watched;
  #timer: CheckpointTimer | undefined;
  #progress: KeptProgress | undefined;
  /** How many steps are saved. */
  #kept: number;

  constructor(runContext: KeepingContext, trainings: readonly ResumableTraining[], watched = unwatched) {
    this.#runContext = runContext;
    this.#trainings = trainings;
    this.#watched = watched;
    this.#kept = stepsDone(trainings[0]?.checkpoint);
    // The parameters of the previous step are saved too.
    const kept = trainings.flatMap(({ job: { programs: { parameters, state } } }) => {
      return [...parameters, ...parameters, ...state];
    });
    const elements = kept.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    this.#timer = new CheckpointTimer(runContext.checkpointInterval, 4 * elements);
  }

  /** Registers a completed step, and saves the state if that is due. */
  async reached(progress: KeptProgress): Promise<void> {
    this.#progress = progress;
    if (this.#timer?.isDue) await this.keep();
  }

  /**
   * Saves the newest state if it is available and not saved yet. A disk that refuses does not end the training.
   *
   * @returns How many steps are saved.
   */
  async keep(): Promise<number> {
    const progress = this.#progress, state = progress?.state(), timer = this.#timer;
    const steps = stepsDone(this.#trainings[0]?.checkpoint) + (progress?.stepSeconds.length ?? 0);
    if (progress === undefined || state === undefined || timer === undefined || steps === this.#kept) return this.#kept;
    const { store } = this.#runContext, jobs = this.#trainings.map(({ job }) => job);
    try {
      await timer.measure(async () => {
        for (const [at, { key }] of jobs.entries()) {
          if (this.#watched.isOver(at)) continue;
          const history = historyOf(this.#trainings, at, progress);
          const kept = { ...history, ...this.#watched.kept(at) };
          await putCheckpoint(store, key, { tensors: ownTensors(jobs, at, state), ...kept });
        }
      });
      this.#kept = steps;
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      this.#timer = undefined;
      noteTo(this.#runContext.emit)(`${error.message} (the training continues without checkpoints)`);
    }
    return this.#kept;
  }
}
