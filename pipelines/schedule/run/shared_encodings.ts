/**
 * The encodings that trainings read: those of the same rows with the same model in the same layout are shared.
 *
 * @module
 */
import type { EncodeRecord } from "../../results/results.ts";
import { noteRate } from "../context/rates.ts";
import type { RunContext } from "../context/run_context.ts";
import { encode, encodeShard } from "../encode/encode.ts";
import type { EncodedExamples } from "../encode/encoded_examples.ts";
import type { Shard } from "../encode/shards.ts";
import { encodeWork } from "../pace/stage_work.ts";
import { encodeJobOf } from "../train/shared_encoding.ts";
import type { TrainJob } from "../train/train_job.ts";

interface SharedEncoding {
  readonly jobs: TrainJob[];
  encoded?: Promise<EncodedExamples>;
  expectedSeconds?: number;
}

/** The encodings of some trainings, each computed when the first of them reads it. */
export class SharedEncodings implements Disposable {
  readonly #runContext: RunContext;
  readonly #encodings = new Map<string, SharedEncoding>();
  readonly #opened: EncodedExamples[] = [];

  constructor(runContext: RunContext) {
    this.#runContext = runContext;
  }

  /** Registers a training that will run, or whose result may be in the store. */
  add(job: TrainJob): void {
    this.#encodings.getOrInsertComputed(job.encodingKey, () => ({ jobs: [] })).jobs.push(job);
  }

  /** Registers how long the encoding that a training reads is expected to take. */
  expect({ encodingKey }: TrainJob, seconds: number): void {
    this.#encodings.get(encodingKey)!.expectedSeconds = seconds;
  }

  /**
   * What a training reads; `undefined` if nothing is kept of its rows.
   *
   * @param shards In how many shards other processes may have computed it.
   */
  async of({ encodingKey, programs }: TrainJob, shards = 1): Promise<EncodedExamples | undefined> {
    if (programs.kept.length === 0) return undefined;
    const shared = this.#encodings.get(encodingKey)!;
    return await (shared.encoded ??= this.#encode(shared.jobs, shards));
  }

  /** Computes a shard of what a training reads, for a process that joins the shards. */
  async shard({ encodingKey }: TrainJob, shard: Shard): Promise<void> {
    const job = encodeJobOf(this.#encodings.get(encodingKey)!.jobs);
    if (job !== undefined) await encodeShard(this.#runContext, job, shard);
  }

  /** Closes the encoding of a training once all that read it are done, so that the store can delete its file. */
  async closeIfDone({ encodingKey }: TrainJob, isDone: (job: TrainJob) => boolean): Promise<void> {
    const { jobs, encoded } = this.#encodings.get(encodingKey)!;
    if (jobs.every(isDone)) (await encoded)?.[Symbol.dispose]();
  }

  /**
   * The encodings' part of results.json, including those that no training had to read because its result was in the
   * store.
   *
   * @param readBy The encoding that a training's result was computed from, if known.
   */
  async records(readBy: (job: TrainJob) => EncodeRecord | undefined): Promise<readonly EncodeRecord[]> {
    const records: EncodeRecord[] = [];
    for (const { jobs, encoded, expectedSeconds } of this.#encodings.values()) {
      const expected = expectedSeconds === undefined ? {} : { expectedSeconds };
      if (encoded !== undefined) records.push({ ...(await encoded).record, ...expected });
      else {
        const stored = jobs.flatMap((job) => readBy(job) ?? [])[0];
        if (stored !== undefined && this.#runContext.store.has("encode", stored.key)) {
          records.push({ ...stored, cached: true, seconds: 0 });
        }
      }
    }
    return records;
  }

  [Symbol.dispose](): void {
    for (const encoded of this.#opened) encoded[Symbol.dispose]();
  }

  async #encode(jobs: readonly TrainJob[], shards: number): Promise<EncodedExamples> {
    const job = encodeJobOf(jobs);
    if (job === undefined) throw new TypeError("Nothing is to be encoded");
    const encoded = await encode(this.#runContext, job, shards), { cached, seconds } = encoded.record;
    const work = encodeWork(jobs[0]!.stage, this.#runContext, job.taken);
    if (!cached && shards === 1 && work !== undefined) {
      await noteRate(this.#runContext, work, seconds - encoded.startSeconds, encoded.startSeconds);
    }
    this.#opened.push(encoded);
    return encoded;
  }
}
