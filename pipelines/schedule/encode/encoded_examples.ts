/** Encoded examples, read from the store as they are needed. @module */
import { ownValue, putValue } from "../../../ops/program/own_value.ts";
import { elementCount, evaluateShape } from "../../../ops/program/dimension.ts";
import type { Feeds } from "../../common/host_tensor.ts";
import { isShared, type KeptValue } from "../../compile/frontier/cut.ts";
import { FeedBuffers, fillRow, packedValues } from "../../compile/frontier/packed_values.ts";
import { groupExtents } from "../../compile/rows/laid_out_rows.ts";
import { allExtents, extentsAt, lengthsOf } from "../../compile/rows/row_lengths.ts";
import type { EncodeRecord } from "../../results/results.ts";
import type { Entry } from "../../store/entry.ts";
import { type EncodeJob, rowValues } from "./encode_job.ts";
import type { RowReader } from "./encoded_rows.ts";

/** Encoded examples, read from the store as they are needed. */
export class EncodedExamples implements Disposable {
  readonly record: EncodeRecord;
  /** The seconds before the first run. */
  readonly startSeconds: number;
  readonly #entry: Entry;
  readonly #rows: RowReader;
  readonly #job: EncodeJob;
  readonly #ownValues: readonly KeptValue[];
  readonly #buffers = new FeedBuffers();
  /** What all examples share, fed in every run. */
  readonly #shared: Feeds = {};

  /** @param from Its `entry` is closed when this is disposed of. */
  constructor({ record, startSeconds, entry, rows, job }: {
    readonly record: EncodeRecord;
    readonly startSeconds: number;
    readonly entry: Entry;
    readonly rows: RowReader;
    readonly job: EncodeJob;
  }) {
    this.record = record;
    this.startSeconds = startSeconds;
    this.#entry = entry;
    this.#rows = rows;
    this.#job = job;
    this.#ownValues = rowValues(job);
    for (const { name, value } of job.kept.filter(isShared)) {
      const shape = evaluateShape(value.shape, allExtents(job.rows)), data = new Float32Array(elementCount(shape));
      entry.readInto(name, data);
      putValue(this.#shared, name, { data, shape });
    }
  }

  /**
   * The kept values of some examples, padded to the group's extents.
   *
   * @param slot Calls with the same slot share buffers; a call's tensors are valid until the next call with its slot.
   */
  feeds(examples: readonly number[], wanted: readonly KeptValue[], slot: string): Feeds {
    const { rows } = this.#job;
    const lengths = lengthsOf(rows), group = examples.map((example) => rows.at(example)!);
    const padded = new Map(
      packedValues(this.#ownValues, groupExtents(group)).values.map(({ name, extents }) => [name, extents]),
    );
    const feeds: Feeds = {};
    for (const { name } of wanted) {
      const shared = ownValue(this.#shared, name), extents = padded.get(name);
      if (shared !== undefined) {
        putValue(feeds, name, shared);
        continue;
      }
      if (extents === undefined) throw new TypeError(`${name} was not encoded`);
      putValue(feeds, name, this.#buffers.take(`${slot}.${name}`, [examples.length, ...extents]));
    }
    examples.forEach((example, index) => {
      const { values, count } = packedValues(this.#ownValues, extentsAt(lengths, example));
      for (const { name, start, extents } of values) {
        const tensor = ownValue(feeds, name);
        if (tensor === undefined) continue;
        const read = (from: number, target: Float32Array) => this.#rows.readInto(example, target, start + from, count);
        fillRow(read, extents, tensor.data as Float32Array, padded.get(name)!, index);
      }
    });
    return feeds;
  }

  [Symbol.dispose](): void {
    this.#entry.close();
  }
}
