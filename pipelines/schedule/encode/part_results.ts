/**
 * The results of the parts of an encode program, run by run, kept in the store until the encoding is complete: a part's
 * weights are read once for all rows, and a stopped run resumes with the next part.
 *
 * @module
 */
import type { Feeds, HostTensor } from "../../common/host_tensor.ts";
import { digest } from "../../../ops/program/digest.ts";
import { keyOf } from "../../common/content_key.ts";
import { ownValue, putValue } from "../../../ops/program/own_value.ts";
import { evaluateShape } from "../../../ops/program/dimension.ts";
import type { KeptValue } from "../../compile/frontier/cut.ts";
import type { EncodePart } from "../../compile/frontier/encode_parts.ts";
import { groupExtents } from "../../compile/rows/laid_out_rows.ts";
import type { Entry } from "../../store/store.ts";
import type { RunContext } from "../context/run_context.ts";
import { beginWork } from "../context/work.ts";
import type { EncodeJob } from "./encode_job.ts";

/** The kind of entry that holds a part's results. */
const partKind = "part";

/** One part of an encoding's program, over some of its runs. */
interface PartWork {
  readonly parts: readonly EncodePart[];
  readonly runs: readonly (readonly number[])[];
  /** What is fed besides the results of earlier parts. */
  readonly feedsOf: (run: readonly number[]) => Feeds;
  /** The key of the encoding, or of its shard. */
  readonly key: string;
}

/** The results of all parts except the last. */
export class PartResults implements Disposable {
  readonly #entries: Entry[] = [];
  readonly #keys: string[] = [];

  /** Runs all parts except the last over all runs, as far as the store lacks their results. */
  static async compute(runContext: RunContext, job: EncodeJob, work: PartWork): Promise<PartResults> {
    const { parts, key } = work, results = new PartResults();
    try {
      for (const [at, part] of parts.slice(0, -1).entries()) {
        // Which values a part computes depends on the memory, even among as many parts.
        const partKey = keyOf([key, partKind, digest(part.program)]);
        const stored = await runContext.store.get(partKind, partKey);
        const subject = `part ${at + 1} of ${parts.length}`;
        results.#entries.push(stored ?? await results.#run(runContext, job, { ...work, part, partKey, subject }));
        results.#keys.push(partKey);
      }
    } catch (fault) {
      results[Symbol.dispose]();
      throw fault;
    }
    return results;
  }

  /** A part's results for a run, by name. */
  async of(run: readonly number[], wanted: readonly KeptValue[]): Promise<Feeds> {
    const found: Feeds = {};
    for (const { name } of wanted) {
      const tensor = nameIn(run, name), entry = this.#entries.find(({ tensors }) => tensors.has(tensor));
      if (entry === undefined) continue;
      const result: HostTensor = { data: await entry.read(tensor), shape: entry.tensors.get(tensor)!.shape };
      putValue(found, name, result);
    }
    return found;
  }

  /** Removes them from the store; they can still be read until they are disposed of. */
  remove({ store }: RunContext): void {
    for (const key of this.#keys) store.remove(partKind, key);
  }

  async #run(
    runContext: RunContext,
    job: EncodeJob,
    { part, partKey, subject, runs, feedsOf }: PartWork & {
      readonly part: EncodePart;
      readonly partKey: string;
      readonly subject: string;
    },
  ): Promise<Entry> {
    const { store, sessions, emit } = runContext, { program, reads, gives } = part;
    const session = await sessions.open(program, job.weights);
    const done = beginWork(emit, "encode", runs.flat().length, subject);
    const tensors = runs.flatMap((run) => {
      const extents = { batch: run.length, ...groupExtents(run.map((example) => job.rows.at(example)!)) };
      return gives.map(({ name, value }) => {
        return { name: nameIn(run, name), dtype: "F32" as const, shape: evaluateShape(value.shape, extents) };
      });
    });
    const entry = await store.putAndOpen(partKind, partKey, async (writer) => {
      writer.declare({ tensors, metadata: {} });
      let finished = 0;
      for (const run of runs) {
        const { outputs } = await session.run({ ...feedsOf(run), ...await this.of(run, reads) });
        for (const { name } of gives) writer.append(nameIn(run, name), ownValue(outputs, name)!.data as Float32Array);
        done(finished += run.length);
      }
    });
    await sessions.release(program, job.weights);
    return entry;
  }

  [Symbol.dispose](): void {
    for (const entry of this.#entries) entry.close();
  }
}

/** The name of a run's tensor within its part's entry; no two runs have the same first example. */
function nameIn(run: readonly number[], name: string): string {
  return `${run[0]}.${name}`;
}
