/** The trainings of members that run together: each runs once, however many members share it. @module */
import { RequestError, RunError } from "../../common/errors.ts";
import { locationOf } from "../../common/source_location.ts";
import type { EncodeRecord } from "../../results/results.ts";
import { providerRuntimes } from "../../runtime/providers.ts";
import { claimed } from "../context/made_once.ts";
import { noteRate } from "../context/rates.ts";
import type { RunContext } from "../context/run_context.ts";
import type { Shard } from "../encode/shards.ts";
import type { ExpectedStages } from "../pace/expected_stages.ts";
import { trainWork } from "../pace/stage_work.ts";
import { weightsFor } from "../prepare/model_weights.ts";
import type { PreparedTraining } from "../prepare/prepared.ts";
import { runTrainings } from "../train/batched_training.ts";
import { batchingKey, mostBatched } from "../train/batching.ts";
import { resumable, type ResumableTraining, stepsDone } from "../train/checkpoint_keeper.ts";
import { endedBefore, epochKey, findEpoch, hasEpochs } from "../train/kept_epochs.ts";
import { type TrainJob, trainJobOf } from "../train/train_job.ts";
import { findTrained, type Trained, trainedKind } from "../train/trained.ts";
import { DivergedError } from "../train/training_loop.ts";
import type { MeasureValidation } from "../train/training_watch.ts";
import type { RunOutput } from "./run_output.ts";
import { SharedEncodings } from "./shared_encodings.ts";

/** The trainings of members that run together. */
export class Trainings implements Disposable {
  readonly #runContext: RunContext;
  readonly #output: RunOutput;
  readonly #jobs = new Map<PreparedTraining, TrainJob>();
  /** The member in which a training was first declared. */
  readonly #members = new Map<PreparedTraining, string>();
  readonly #encodings: SharedEncodings;
  readonly #measure: MeasureValidation;
  readonly #trained = new Map<string, Trained>();
  readonly #batchingKeys = new Map<TrainJob, string | undefined>();
  #among: ReadonlySet<string> | undefined;

  /** @param measure Measures the validations of trainings. */
  constructor(runContext: RunContext, output: RunOutput, measure: MeasureValidation) {
    this.#runContext = runContext;
    this.#output = output;
    this.#encodings = new SharedEncodings(runContext);
    this.#measure = measure;
  }

  /** Registers a member's training before any runs. */
  async add(stage: PreparedTraining, member: string): Promise<void> {
    this.#members.set(stage, member);
    const job = await trainJobOf(this.#runContext, stage, await weightsFor(this.#runContext, stage));
    this.#jobs.set(stage, job);
    this.#encodings.add(job);
    await this.#runContext.store.fetch(trainedKind, job.key);
  }

  /** Leaves the trainings of all other members to processes that are running them. */
  keepTo(members: readonly string[]): void {
    this.#among = new Set(members);
  }

  /** The store's key of a training's result. */
  keyOf(stage: PreparedTraining): string {
    return this.#job(stage).key;
  }

  /** Equal for trainings that share an encoding. */
  encodingKeyOf(stage: PreparedTraining): string {
    return this.#job(stage).encodingKey;
  }

  /** Whether a training's result is in the store. */
  isStored(stage: PreparedTraining): boolean {
    return this.#runContext.store.has(trainedKind, this.#job(stage).key);
  }

  /** Whether a training's result is known, or can be read from the store. */
  async isDone(stage: PreparedTraining): Promise<boolean> {
    return await this.#known(this.#job(stage)) !== undefined;
  }

  /** Registers how long the encodings that trainings read are expected to take. */
  expect(encodings: ExpectedStages["encodings"]): void {
    for (const [stage, { seconds }] of encodings) this.#encodings.expect(this.#job(stage), seconds);
  }

  /**
   * A training's result.
   *
   * @throws {RequestError} If the loss is not finite; it says where the last good state is.
   */
  async resultOf(stage: PreparedTraining): Promise<Trained> {
    const job = this.#job(stage), { store } = this.#runContext, known = await this.#known(job);
    if (known !== undefined) return known;
    using claims = new DisposableStack();
    claims.use(await claimed(this.#runContext, trainedKind, job.key, "trains the same member"));
    const made = store.has(trainedKind, job.key) ? await this.#known(job) : undefined;
    if (made !== undefined) return made;
    const batch = await this.#batchOf(job, claims);
    const encoded = await this.#encodings.of(job);
    try {
      const results = await runTrainings(this.#runContext, batch, encoded, this.#measure);
      batch.forEach(({ job: { key } }, at) => this.#trained.set(key, results[at]!));
      await this.#encodings.closeIfDone(job, ({ key }) => this.#trained.has(key));
      await this.#noteRate(batch, results);
      return results[0]!;
    } catch (error) {
      if (!(error instanceof DivergedError)) throw error;
      throw await this.#keepLastGood(batch[error.member]!.job.stage, error);
    }
  }

  /**
   * Computes what a training reads, unless that is in the store or no training needs it any more.
   *
   * @param part Only this shard of it, or the number of shards that others may have computed.
   */
  async encode(stage: PreparedTraining, part: Shard | number = 1): Promise<void> {
    const job = this.#job(stage), { store } = this.#runContext;
    const readers = [...this.#jobs.values()].filter(({ encodingKey }) => encodingKey === job.encodingKey);
    if (readers.every(({ key }) => store.has(trainedKind, key))) return;
    await (typeof part === "number" ? this.#encodings.of(job, part) : this.#encodings.shard(job, part));
  }

  /**
   * What a training had learned after an epoch that it keeps, and the store's key of that; if it ended before that
   * epoch, its final result.
   *
   * @throws {RunError} If the store had no room for it.
   */
  async resultAt(stage: PreparedTraining, epoch: number): Promise<Pick<Trained, "tensors"> & { readonly key: string }> {
    const { key } = this.#job(stage), { tensors, losses: { length: steps } } = await this.resultOf(stage);
    if (endedBefore(stage, steps, epoch)) return { tensors, key };
    const found = await findEpoch(this.#runContext.store, key, epoch);
    if (found !== undefined) return { tensors: found, key: epochKey(key, epoch) };
    throw new RunError(`the store had no room for epoch ${epoch} of ${stage.name}; raise --cache-disk`);
  }

  /** What the trainings read. */
  encodings(): Promise<readonly EncodeRecord[]> {
    return this.#encodings.records(({ key }) => this.#trained.get(key)?.encoding);
  }

  [Symbol.dispose](): void {
    this.#encodings[Symbol.dispose]();
  }

  #job(stage: PreparedTraining): TrainJob {
    const job = this.#jobs.get(stage);
    if (job === undefined) throw new TypeError(`The training ${stage.name} was not added`);
    return job;
  }

  /** A training's result, if all that it keeps is there. */
  async #known(job: TrainJob): Promise<Trained | undefined> {
    const { store } = this.#runContext, found = this.#trained.get(job.key) ?? await findTrained(store, job.key);
    if (found === undefined || !hasEpochs(store, job, found.losses.length)) return undefined;
    this.#trained.set(job.key, found);
    return found;
  }

  /** A training that has to run, with those that can be batched with it, which are at the same step. */
  async #batchOf(job: TrainJob, claims: DisposableStack): Promise<ResumableTraining[]> {
    const { store } = this.#runContext, first = await this.#resumable(job);
    const batch = new Map([[job.key, first]]), most = mostBatched(job);
    const { batchesTrainings } = providerRuntimes[this.#runContext.provider];
    const key = batchesTrainings ? this.#batchingKey(job) : undefined;
    for (const other of key === undefined ? [] : this.#jobs.values()) {
      if (batch.size + 1 > most) break;
      if (this.#among?.has(this.#members.get(other.stage)!) === false) continue;
      const isDone = this.#trained.has(other.key) || store.has(trainedKind, other.key);
      if (isDone || batch.has(other.key) || this.#batchingKey(other) !== key) continue;
      // Another process that is training it already continues with it.
      const claim = store.claimant(trainedKind, other.key).take();
      if (claim === undefined) continue;
      const found = await this.#resumable(other),
        isAtStep = stepsDone(found.checkpoint) === stepsDone(first.checkpoint);
      if (isAtStep && !store.has(trainedKind, other.key)) {
        batch.set(other.key, found);
        claims.use(claim);
      } else claim[Symbol.dispose]();
    }
    return [...batch.values()];
  }

  #resumable(job: TrainJob): Promise<ResumableTraining> {
    return resumable(this.#runContext.store, job, this.#members.get(job.stage)!);
  }

  #batchingKey(job: TrainJob): string | undefined {
    return this.#batchingKeys.getOrInsertComputed(job, batchingKey);
  }

  /** Records the speed of the first of some trainings, which stands for all that ran with it. */
  async #noteRate(batch: readonly ResumableTraining[], [result]: readonly Trained[]): Promise<void> {
    const [first] = batch;
    if (first === undefined || result === undefined) return;
    const { stage } = first.job, { runs, flops, ...work } = trainWork(stage, this.#runContext, batch.length);
    const steps = result.losses.length;
    const seconds = result.stepSeconds.reduce((sum, each) => sum + each, 0);
    // Validations are counted separately; resumed steps were timed before.
    const start = stage.validation === undefined ? Math.max(0, result.seconds - seconds) : 0;
    // Patience may have ended it before its last step.
    await noteRate(this.#runContext, { ...work, runs: steps, flops: flops * steps / runs }, seconds, start);
  }

  async #keepLastGood(stage: PreparedTraining, { problem, lastGood }: DivergedError): Promise<RequestError> {
    const weights = await this.#runContext.models.filesDigest(stage.model, stage.quantize);
    const kept = await this.#output.trained(this.#members.get(stage)!, "last-good", stage, lastGood, weights);
    return new RequestError(`${problem} (the last good state is in ${kept})`, locationOf(stage.spec)).onPage(problem);
  }
}
