/**
 * The encode stage: what an example alone determines, computed once for all epochs and members, and kept in the store.
 *
 * @module
 */
import { digest } from "../../../ops/program/digest.ts";
import { elementCount, evaluateShape } from "../../../ops/program/dimension.ts";
import type { Program } from "../../../ops/program/program.ts";
import { FeedBuffers, fillRow, packedBytes, packedValues, takeRow } from "../../compile/frontier/packed_values.ts";
import { encodeProgram, encodePrograms, isShared, type KeptValue } from "../../compile/frontier/cut.ts";
import { exampleFeeds, fedNumbers, sharedFeeds } from "../../compile/rows/feeds.ts";
import { groupExtents, type LaidOutRow, rowExtents } from "../../compile/rows/laid_out_rows.ts";
import type { Feeds } from "../../common/host_tensor.ts";
import { typicalExtents } from "../../compile/frontier/compiled_training.ts";
import type { Layout } from "../../compile/rows/layout.ts";
import type { Adaptation } from "../../compile/lower/adaptation.ts";
import type { Model, ModelWeights } from "../../models/open/model.ts";
import { type Entry, keyOf } from "../../store/store.ts";
import { rowsDigest } from "../context/keys.ts";
import type { RunContext } from "../context/run_context.ts";

/** What is to be encoded. */
export interface EncodeJob {
  readonly model: Model;
  readonly weights: ModelWeights;
  readonly layout: Layout;
  readonly rows: readonly LaidOutRow[];
  /** The kept values of all programs that will read the result. */
  readonly kept: readonly KeptValue[];
  /** For the position masks that kept values depend on, if any. */
  readonly adaptations: readonly Adaptation[];
}

/** One line of `encode` in results.json. */
export interface EncodeRecord {
  readonly key: string;
  readonly cached: boolean;
  readonly seconds: number;
  readonly examples: number;
  readonly tokens: number;
  readonly bytes: number;
}

/** Encoded examples, read from the store as they are needed. */
export class EncodedExamples implements Disposable {
  readonly record: EncodeRecord;
  readonly #entry: Entry;
  readonly #job: EncodeJob;
  readonly #ownValues: readonly KeptValue[];
  readonly #buffers = new FeedBuffers();
  /** What all examples share, fed again and again. */
  readonly #shared: Feeds = {};

  constructor(record: EncodeRecord, entry: Entry, job: EncodeJob) {
    this.record = record;
    this.#entry = entry;
    this.#job = job;
    this.#ownValues = job.kept.filter((value) => !isShared(value));
    for (const { name, value } of job.kept.filter(isShared)) {
      const shape = evaluateShape(value.shape, groupExtents(job.rows)), data = new Float32Array(elementCount(shape));
      entry.readInto(name, data);
      this.#shared[name] = { data, shape };
    }
  }

  /**
   * The kept values of some examples, padded to the group's extents.
   *
   * @param slot Buffers are shared between calls of one slot; a call's tensors are good until the next of its slot.
   */
  feeds(examples: readonly number[], wanted: readonly KeptValue[], slot: string): Feeds {
    const { rows } = this.#job;
    const group = examples.map((example) => rows[example]!);
    const padded = new Map(
      packedValues(this.#ownValues, groupExtents(group)).values.map(({ name, extents }) => [name, extents]),
    );
    const feeds: Feeds = {};
    for (const { name } of wanted) {
      const shared = this.#shared[name], extents = padded.get(name);
      if (shared !== undefined) {
        feeds[name] = shared;
        continue;
      }
      if (extents === undefined) throw new TypeError(`${name} was not encoded`);
      feeds[name] = this.#buffers.take(`${slot}.${name}`, [examples.length, ...extents]);
    }
    examples.forEach((example, index) => {
      const { values } = packedValues(this.#ownValues, rowExtents(rows[example]!));
      for (const { name, start, extents } of values) {
        const tensor = feeds[name];
        if (tensor === undefined) continue;
        const read = (from: number, target: Float32Array) =>
          this.#entry.readInto(String(example), target, start + from);
        fillRow(read, extents, tensor.data as Float32Array, padded.get(name)!, index);
      }
    });
    return feeds;
  }

  [Symbol.dispose](): void {
    this.#entry.close();
  }
}

/** The store's key of an encoding. */
export function encodeKey(runContext: RunContext, job: EncodeJob): string {
  return keyOf({
    program: digest(encodeProgram(job.kept)),
    weights: job.weights.digest,
    fed: fedNumbers(job.model.architecture),
    layout: job.layout,
    rows: rowsDigest(job.rows),
    machine: runContext.machine,
  });
}

/** Runs take about this many tokens, enough for full matrix speed and little enough to stay in the caches. */
const tokensPerRun = 1024;

/** The encoded examples, from the store if they are there. */
export async function encode(runContext: RunContext, job: EncodeJob): Promise<EncodedExamples> {
  const start = performance.now();
  const key = encodeKey(runContext, job);
  const { store } = runContext;
  const stored = await store.get("encode", key), cached = stored !== undefined;
  const entry = stored ?? await compute(runContext, job, key);
  return new EncodedExamples(recordOf(job, key, cached, (performance.now() - start) / 1000), entry, job);
}

function recordOf(job: EncodeJob, key: string, cached: boolean, seconds: number): EncodeRecord {
  const tokens = groupExtents(job.rows).shared + job.rows.reduce((sum, row) => sum + rowLength(row), 0);
  return { key, cached, seconds, examples: job.rows.length, tokens, bytes: packedBytes(job.kept, job.rows) };
}

async function compute(runContext: RunContext, job: EncodeJob, key: string): Promise<Entry> {
  const { model, weights, layout, rows, adaptations } = job;
  const programs = encodePrograms(job.kept, typicalExtents(rows));
  const [own, shared] = [job.kept.filter((value) => !isShared(value)), job.kept.filter(isShared)];
  const common = await computeShared(runContext, job, programs.shared);
  const session = await runContext.session(programs.rows, weights);
  const done = runContext.progress.begin("encode", rows.length);
  const order = rows.map((_, index) => index).sort((a, b) => rowLength(rows[a]!) - rowLength(rows[b]!) || a - b);
  const entry = await runContext.store.putAndOpen("encode", key, async (writer) => {
    writer.declare({
      tensors: [
        ...shared.map(({ name }) => ({ name, dtype: "F32" as const, shape: [...common[name]!.shape] })),
        ...order.map((example) => ({
          name: String(example),
          dtype: "F32" as const,
          shape: [packedValues(own, rowExtents(rows[example]!)).count],
        })),
      ],
      metadata: { values: JSON.stringify(own.map(({ name, value }) => [name, value.shape])) },
    });
    for (const { name } of shared) writer.append(name, common[name]!.data as Float32Array);
    let finished = 0;
    for (const group of runs(order, rows)) {
      const feeds = exampleFeeds(group.map((example) => rows[example]!), layout, model.architecture, adaptations);
      const { outputs } = await session.run({ ...feeds, ...common });
      group.forEach((example, index) => {
        const { values, count } = packedValues(own, rowExtents(rows[example]!));
        const packed = new Float32Array(count);
        for (const { name, start, extents } of values) {
          const { data, shape } = outputs[name]!;
          const row = packed.subarray(start, start + elementCount(extents));
          takeRow(row, extents, data as Float32Array, shape.slice(1), index);
        }
        writer.append(String(example), packed);
      });
      done(finished += group.length);
    }
  });
  await runContext.release(programs.rows, weights);
  return entry;
}

/** What all rows share: what they read and what is kept of it. */
async function computeShared(
  runContext: RunContext,
  { rows, layout, model, weights }: EncodeJob,
  program: Program,
): Promise<Feeds> {
  const [first] = rows;
  if (first === undefined || Object.keys(program.outputs).length === 0) return {};
  const session = await runContext.session(program, weights);
  const { outputs } = await session.run(sharedFeeds(first, layout, model.architecture));
  await runContext.release(program, weights);
  return { ...outputs };
}

function rowLength(row: LaidOutRow): number {
  return row.context.length + row.tail.length;
}

/** Examples of like length, run together. */
function* runs(order: readonly number[], rows: readonly LaidOutRow[]): Generator<number[]> {
  let group: number[] = [];
  for (const example of order) {
    if (group.length > 0 && (group.length + 1) * rowLength(rows[example]!) > tokensPerRun) {
      yield group;
      group = [];
    }
    group.push(example);
  }
  if (group.length > 0) yield group;
}
