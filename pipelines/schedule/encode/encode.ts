/**
 * The encode stage: what an example alone determines, computed once for all epochs and members, and kept in the store.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import { elementCount } from "../../../ops/program/dimension.ts";
import type { Program } from "../../../ops/program/program.ts";
import type { Feeds } from "../../common/host_tensor.ts";
import { typicalExtents } from "../../compile/frontier/compiled_training.ts";
import { encodePrograms, isShared } from "../../compile/frontier/cut.ts";
import { packedBytes, packedValues, takeRow } from "../../compile/frontier/packed_values.ts";
import { exampleFeeds, sharedFeeds } from "../../compile/rows/feeds.ts";
import { allExtents, extentsAt, lengthsOf, total } from "../../compile/rows/row_lengths.ts";
import type { EncodeRecord } from "../../results/results.ts";
import type { Entry } from "../../store/store.ts";
import type { RunContext } from "../context/run_context.ts";
import { beginWork } from "../context/work.ts";
import { type EncodeJob, encodeKey } from "./encode_job.ts";
import { EncodedExamples } from "./encoded_examples.ts";

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
  const { context, tail } = lengthsOf(job.rows);
  const tokens = allExtents(job.rows).shared + total(context) + total(tail);
  return { key, cached, seconds, examples: job.rows.length, tokens, bytes: packedBytes(job.kept, job.rows) };
}

async function compute(runContext: RunContext, job: EncodeJob, key: string): Promise<Entry> {
  const { model, weights, layout, rows, adaptations } = job;
  const programs = encodePrograms(job.kept, typicalExtents(rows));
  const [own, shared] = [job.kept.filter((value) => !isShared(value)), job.kept.filter(isShared)];
  const common = await computeShared(runContext, job, programs.shared);
  const session = await runContext.sessions.open(programs.rows, weights);
  const done = beginWork(runContext.emit, "encode", rows.length);
  const lengths = lengthsOf(rows), { context, tail } = lengths, ownLength = (row: number) => context[row]! + tail[row]!;
  const order = Array.from(context.keys()).sort((a, b) => ownLength(a) - ownLength(b) || a - b);
  const entry = await runContext.store.putAndOpen("encode", key, async (writer) => {
    writer.declare({
      tensors: [
        ...shared.map(({ name }) => ({ name, dtype: "F32" as const, shape: [...ownValue(common, name)!.shape] })),
        ...order.map((example) => ({
          name: String(example),
          dtype: "F32" as const,
          shape: [packedValues(own, extentsAt(lengths, example)).count],
        })),
      ],
      metadata: { values: JSON.stringify(own.map(({ name, value }) => [name, value.shape])) },
    });
    for (const { name } of shared) writer.append(name, ownValue(common, name)!.data as Float32Array);
    let finished = 0;
    for (const group of runs(order, ownLength)) {
      const feeds = exampleFeeds(group.map((example) => rows.at(example)!), layout, model.architecture, adaptations);
      const { outputs } = await session.run({ ...feeds, ...common });
      group.forEach((example, index) => {
        const { values, count } = packedValues(own, extentsAt(lengths, example));
        const packed = new Float32Array(count);
        for (const { name, start, extents } of values) {
          const { data, shape } = ownValue(outputs, name)!;
          const row = packed.subarray(start, start + elementCount(extents));
          takeRow(row, extents, data as Float32Array, shape.slice(1), index);
        }
        writer.append(String(example), packed);
      });
      done(finished += group.length);
    }
  });
  await runContext.sessions.release(programs.rows, weights);
  return entry;
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
function* runs(order: readonly number[], ownLength: (row: number) => number): Generator<number[]> {
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
