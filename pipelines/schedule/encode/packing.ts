/** Computing what an encoding keeps, run by run, and packing each example's values into one tensor. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { elementCount } from "../../../ops/program/dimension.ts";
import type { Program } from "../../../ops/program/program.ts";
import type { Feeds } from "../../common/host_tensor.ts";
import { typicalExtents } from "../../compile/frontier/compiled_training.ts";
import { encodePrograms, isShared, type KeptValue } from "../../compile/frontier/cut.ts";
import { packedValues, takeRow } from "../../compile/frontier/packed_values.ts";
import { exampleFeeds, sharedFeeds } from "../../compile/rows/feeds.ts";
import { extentsAt, lengthsOf, type RowLengths } from "../../compile/rows/row_lengths.ts";
import type { Session } from "../../runtime/runtime.ts";
import type { RunContext } from "../context/run_context.ts";
import type { EntryWriter } from "../../store/store.ts";
import { encodedRows, type EncodeJob } from "./encode_job.ts";
import { beginRows, type BesideRows } from "./encoded_rows.ts";

/** Runs take about this many tokens, enough for full matrix speed and little enough to stay in the caches. */
const tokensPerRun = 1024;

/** Computes and packs the rows of an encoding, run by run. */
export class Packing implements AsyncDisposable {
  /** Examples that run together: of like length, in the order of their lengths. */
  readonly runs: readonly (readonly number[])[];
  /** What is kept of what all rows share. */
  readonly shared: readonly { readonly name: string; readonly shape: number[]; readonly data: Float32Array }[];
  readonly #common: Feeds;
  readonly #own: readonly KeptValue[];
  readonly #lengths: RowLengths;

  private constructor(
    readonly runContext: RunContext,
    readonly job: EncodeJob,
    readonly program: Program,
    readonly session: Session,
    common: Feeds,
  ) {
    this.#common = common;
    this.#own = job.kept.filter((value) => !isShared(value));
    this.shared = job.kept.filter(isShared).map(({ name }) => {
      const { shape, data } = ownValue(common, name)!;
      return { name, shape: [...shape], data: data as Float32Array };
    });
    this.#lengths = lengthsOf(job.rows);
    const { context, tail } = this.#lengths, ownLength = (row: number) => context[row]! + tail[row]!;
    const order = encodedRows(job).toSorted((a, b) => ownLength(a) - ownLength(b) || a - b);
    this.runs = [...runs(order, ownLength)];
  }

  static async open(runContext: RunContext, job: EncodeJob): Promise<Packing> {
    const programs = encodePrograms(job.kept, typicalExtents(job.rows));
    const common = await computeShared(runContext, job, programs.shared);
    const session = await runContext.sessions.open(programs.rows, job.weights);
    return new Packing(runContext, job, programs.rows, session, common);
  }

  /** Declares an entry of some runs, and writes all but what is kept of them. */
  begin(writer: EntryWriter, runs: readonly (readonly number[])[], beside: BesideRows = {}): void {
    const order = runs.flat(), count = (example: number) => this.countOf(example);
    beginRows(writer, { order, count, rows: this.job.rows.length, ...beside });
  }

  /** How many elements are kept of an example. */
  countOf(example: number): number {
    return packedValues(this.#own, extentsAt(this.#lengths, example)).count;
  }

  /** What is kept of each of a run's examples. */
  async pack(run: readonly number[]): Promise<readonly Float32Array[]> {
    const { rows, layout, model, adaptations } = this.job;
    const feeds = exampleFeeds(run.map((example) => rows.at(example)!), layout, model.architecture, adaptations);
    const { outputs } = await this.session.run({ ...feeds, ...this.#common });
    return run.map((example, index) => {
      const { values, count } = packedValues(this.#own, extentsAt(this.#lengths, example));
      const packed = new Float32Array(count);
      for (const { name, start, extents } of values) {
        const { data, shape } = ownValue(outputs, name)!;
        const row = packed.subarray(start, start + elementCount(extents));
        takeRow(row, extents, data as Float32Array, shape.slice(1), index);
      }
      return packed;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runContext.sessions.release(this.program, this.job.weights);
  }
}

/** What all rows share: what they read and what is kept of it. */
async function computeShared(
  runContext: RunContext,
  { rows, layout, model, weights }: EncodeJob,
  program: Program,
): Promise<Feeds> {
  const first = rows.at(0);
  if (first === undefined || Object.keys(program.outputs).length === 0) return {};
  const session = await runContext.sessions.open(program, weights);
  const { outputs } = await session.run(sharedFeeds(first, layout, model.architecture));
  await runContext.sessions.release(program, weights);
  return { ...outputs };
}

/** Examples of like length, run together. */
function* runs(order: Uint32Array, ownLength: (row: number) => number): Generator<number[]> {
  let group: number[] = [];
  for (const example of order) {
    if (group.length > 0 && (group.length + 1) * ownLength(example) > tokensPerRun) {
      yield group;
      group = [];
    }
    group.push(example);
  }
  if (group.length > 0) yield group;
}
