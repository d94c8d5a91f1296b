/**
 * What is done between the steps of batched trainings: validating, and saving the best parameters and those of epochs.
 *
 * @module
 */
import type { TensorMap } from "../../compile/parameters/initial.ts";
import type { ValidationRecord } from "../../results/results.ts";
import type { RunContext } from "../context/run_context.ts";
import { ownTensors } from "./batched_members.ts";
import { type ResumableTraining, stepsDone } from "./checkpoint_keeper.ts";
import { keepEpoch } from "./kept_epochs.ts";
import type { TrainJob } from "./train_job.ts";
import type { TrainingContent } from "./training_entry.ts";
import type { LoopProgress } from "./training_loop.ts";
import { bestOf, isOutOfPatience, isValidatedAt, keptEpochAt } from "./validations.ts";

/** A training that is to be validated. */
export interface Due {
  readonly job: TrainJob;
  /** What it has learned, in saved form. */
  readonly tensors: TensorMap;
}

/**
 * Measures what trainings have learned after a number of steps.
 *
 * @param measured Called for each of them in order, with its index and the metrics of its validation by name.
 */
export type MeasureValidation = (
  step: number,
  due: readonly Due[],
  measured: (at: number, metrics: Readonly<Record<string, number>>) => void,
) => Promise<void>;

/** The results of a training's validations so far. */
interface Validated {
  readonly records: readonly ValidationRecord[];
  /** The parameters of the best of them, in saved form, if these are kept. */
  readonly best: TensorMap | undefined;
}

/** What watching trainings needs. */
interface WatchJob {
  readonly runContext: Pick<RunContext, "store" | "emit">;
  /** Their checkpoints, if any, are at the same step. */
  readonly trainings: readonly ResumableTraining[];
  readonly measure: MeasureValidation;
  /** The tensors of all trainings in saved form. */
  readonly toSaved: (trained: TensorMap) => Promise<TensorMap>;
}

/** Watches batched trainings, each of which has its own best parameters. */
export class TrainingWatch {
  readonly #job: WatchJob;
  readonly #validated: Validated[];

  constructor(job: WatchJob) {
    this.#job = job;
    this.#validated = job.trainings.map(({ checkpoint }) => {
      return { records: checkpoint?.validation ?? [], best: checkpoint?.best };
    });
  }

  /**
   * Does what is due after the newest step, unless it was done before the training was stopped there.
   *
   * @param isOver Whether a training has ended, so that nothing is due for it.
   */
  async reached(progress: LoopProgress, isOver: (member: number) => boolean): Promise<void> {
    const { trainings, toSaved, runContext: { store } } = this.#job, jobs = trainings.map(({ job }) => job);
    const step = stepsDone(trainings[0]?.checkpoint) + progress.stepSeconds.length;
    let all: Promise<TensorMap> | undefined;
    const savedOf = async (member: number) => ownTensors(jobs, member, await (all ??= toSaved(progress.parameters())));
    const due: (Due & { readonly member: number })[] = [];
    for (const [member, job] of jobs.entries()) {
      const { key, stage } = job;
      if (isOver(member)) continue;
      const epoch = keptEpochAt(stage, step);
      if (epoch !== undefined) await keepEpoch(store, key, epoch, () => savedOf(member));
      const isDone = this.validation(member).some((record) => record.step === step);
      if (isValidatedAt(stage, step) && !isDone) due.push({ member, job, tensors: await savedOf(member) });
    }
    if (due.length === 0) return;
    await this.#job.measure(step, due, (at, metrics) => {
      const { member, tensors } = due[at]!;
      this.#take(member, tensors, { step, metrics });
    });
  }

  /** What is kept of a training besides the state of its steps. */
  kept(member: number): Pick<TrainingContent, "validation" | "best"> {
    const { records, best } = this.#validated[member]!;
    return { ...records.length === 0 ? {} : { validation: records }, ...best === undefined ? {} : { best } };
  }

  /** What a training's validations measured so far. */
  validation(member: number): readonly ValidationRecord[] {
    return this.#validated[member]!.records;
  }

  /** Whether a training ends here, before its last step. */
  isOutOfPatience(member: number): boolean {
    return isOutOfPatience(this.#job.trainings[member]!.job.stage, this.validation(member));
  }

  #take(member: number, tensors: TensorMap, record: ValidationRecord): void {
    const { job, member: id } = this.#job.trainings[member]!, records = [...this.validation(member), record];
    const isBest = bestOf(job.stage, records) === records.length - 1;
    const best = job.stage.spec.keep === "best" && isBest ? tensors : this.#validated[member]!.best;
    this.#validated[member] = { records, best };
    this.#job.runContext.emit({ kind: "validation", stage: job.stage.name, member: id, ...record, isBest });
  }
}
