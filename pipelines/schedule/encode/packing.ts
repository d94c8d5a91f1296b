/** Computes what an encoding keeps, run by run, and packs each example's values into one tensor. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { elementCount } from "../../../ops/program/dimension.ts";
import type { Program } from "../../../ops/program/program.ts";
import type { Feeds } from "../../common/host_tensor.ts";
import { isShared, type KeptValue } from "../../compile/frontier/cut.ts";
import type { EncodePart } from "../../compile/frontier/encode_parts.ts";
import { packedValues, takeRow } from "../../compile/frontier/packed_values.ts";
import { exampleFeeds, sharedFeeds } from "../../compile/rows/feeds.ts";
import { extentsAt, lengthsOf, type RowLengths } from "../../compile/rows/row_lengths.ts";
import type { Session } from "../../runtime/runtime.ts";
import type { RunContext } from "../context/run_context.ts";
import type { EntryWriter } from "../../store/store.ts";
import { encodedRows, type EncodeJob, encodingPrograms, rowValues } from "./encode_job.ts";
import { beginRows, type BesideRows } from "./encoded_rows.ts";
import { PartResults } from "./part_results.ts";

/**
 * Runs have about this many tokens: enough for full speed of matrix products, and few enough to stay in the CPU caches.
 */
const tokensPerRun = 1024;

/** Computes and packs the rows of an encoding, run by run. */
export class Packing implements AsyncDisposable {
  /** Examples that run together: of similar length, ordered by length. */
  readonly runs: readonly (readonly number[])[];
  readonly #common: Feeds;
  readonly #own: readonly KeptValue[];
  readonly #lengths: RowLengths;

  readonly #parts: readonly EncodePart[];
  #before: PartResults | undefined;
  #session: Session | undefined;

  private constructor(
    readonly runContext: RunContext,
    readonly job: EncodeJob,
    parts: readonly EncodePart[],
    common: Feeds,
  ) {
    this.#parts = parts;
    this.#common = common;
    this.#own = rowValues(job);
    this.#lengths = lengthsOf(job.rows);
    const { context, tail } = this.#lengths, ownLength = (row: number) => context[row]! + tail[row]!;
    const order = encodedRows(job).toSorted((a, b) => ownLength(a) - ownLength(b) || a - b);
    this.runs = [...runs(order, ownLength)];
  }

  static async open(runContext: RunContext, job: EncodeJob): Promise<Packing> {
    const { shared, parts } = encodingPrograms(runContext, job);
    return new Packing(runContext, job, parts, await computeShared(runContext, job, shared));
  }

  /**
   * Computes everything before the program's last part, so that runs can be packed.
   *
   * @param key The key of the entry that they will be packed into.
   */
  async prepare(runs: readonly (readonly number[])[], key: string): Promise<void> {
    const { runContext, job } = this, parts = this.#parts, feedsOf = (run: readonly number[]) => this.#feeds(run);
    this.#before = await PartResults.compute(runContext, job, { parts, runs, feedsOf, key });
    this.#session = await runContext.sessions.open(this.#last.program, job.weights);
  }

  /** Whether the program runs in parts, each over all rows before the next. */
  get isInParts(): boolean {
    return this.#parts.length > 1;
  }

  /**
   * What is kept of the part that all rows share. A run may overwrite the buffers, so they are valid only until the
   * next one.
   */
  get shared(): readonly { readonly name: string; readonly shape: number[]; readonly data: Float32Array }[] {
    return this.job.kept.filter(isShared).map(({ name }) => {
      const { shape, data } = ownValue(this.#common, name)!;
      return { name, shape: [...shape], data: data as Float32Array };
    });
  }

  /** Declares an entry for some runs, and writes everything except the runs' values. */
  begin(writer: EntryWriter, runs: readonly (readonly number[])[], beside: BesideRows = {}): void {
    const order = runs.flat(), count = (example: number) => this.countOf(example);
    beginRows(writer, { order, count, rows: this.job.rows.length, ...beside });
  }

  /** How many elements are kept of an example. */
  countOf(example: number): number {
    return packedValues(this.#own, extentsAt(this.#lengths, example)).count;
  }

  /** What is kept of each example of a run. */
  async pack(run: readonly number[]): Promise<readonly Float32Array[]> {
    const session = this.#session, before = this.#before;
    if (session === undefined || before === undefined) throw new TypeError("prepare was not called");
    const { outputs: last } = await session.run({ ...this.#feeds(run), ...await before.of(run, this.#last.reads) });
    const outputs = { ...await before.of(run, this.#own), ...last };
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

  /** Removes the intermediate results, which are needed only for packing. */
  removeParts(): void {
    this.#before?.remove(this.runContext);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#before?.[Symbol.dispose]();
    await this.runContext.sessions.release(this.#last.program, this.job.weights);
  }

  get #last(): EncodePart {
    return this.#parts.at(-1)!;
  }

  #feeds(run: readonly number[]): Feeds {
    const { rows, layout, model: { architecture }, head } = this.job;
    return {
      ...exampleFeeds(run.map((example) => rows.at(example)!), layout, architecture, head === undefined ? [] : [head]),
      ...this.#common,
    };
  }
}

/** What all rows share: the tokens that they read and the values kept of them. */
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

/** Groups examples of similar length to run together. */
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
