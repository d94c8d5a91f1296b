/**
 * The encode stage: what an example alone determines, computed once for all epochs and members, and kept in the store.
 *
 * @module
 */
import { isShared } from "../../compile/frontier/cut.ts";
import { packedBytes } from "../../compile/frontier/packed_values.ts";
import { allExtents, lengthsOf, total } from "../../compile/rows/row_lengths.ts";
import type { EncodeRecord } from "../../results/results.ts";
import type { Entry } from "../../store/store.ts";
import type { RunContext } from "../context/run_context.ts";
import { claimed, madeOnce } from "../context/made_once.ts";
import { beginWork } from "../context/work.ts";
import { type EncodeJob, encodeKey } from "./encode_job.ts";
import { EncodedExamples } from "./encoded_examples.ts";
import { Packing } from "./packing.ts";
import { removeShards, runsOf, type Shard, shardKey, shardKind, shardsOf, storedShards } from "./shards.ts";

/**
 * The encoded examples, from the store if they are there.
 *
 * @param shards In how many parts other processes may have computed them.
 */
export async function encode(runContext: RunContext, job: EncodeJob, shards = 1): Promise<EncodedExamples> {
  const start = performance.now();
  const key = encodeKey(runContext, job);
  const { store } = runContext;
  const { value: entry, cached } = await madeOnce(runContext, "encode", key, {
    does: encodes,
    find: () => store.get("encode", key),
    make: () => compute(runContext, job, key, shards),
  });
  return new EncodedExamples(recordOf(job, key, cached, (performance.now() - start) / 1000), entry, job);
}

const encodes = "encodes the same rows";

/** Computes one part of an encoding, unless that or the whole is in the store. */
export async function encodeShard(runContext: RunContext, job: EncodeJob, shard: Shard): Promise<void> {
  const key = encodeKey(runContext, job), partKey = shardKey(key, shard), { store } = runContext;
  const isThere = () => store.has("encode", key) || store.has(shardKind, partKey);
  if (isThere()) return;
  using _claim = await claimed(runContext, shardKind, partKey, encodes);
  if (isThere()) return;
  await using packing = await Packing.open(runContext, job);
  const runs = runsOf(packing.runs, shard);
  await packing.prepare(runs, partKey);
  const done = beginWork(runContext.emit, "encode", runs.flat().length);
  using _ = await store.putAndOpen(shardKind, partKey, async (writer) => {
    writer.declare({ tensors: packing.declared(runs.flat()), metadata: {} });
    let finished = 0;
    for (const run of runs) {
      for (const [name, values] of await packing.pack(run)) writer.append(name, values);
      done(finished += run.length);
    }
  });
  packing.removeParts();
}

function recordOf(job: EncodeJob, key: string, cached: boolean, seconds: number): EncodeRecord {
  const { context, tail } = lengthsOf(job.rows);
  const tokens = allExtents(job.rows).shared + total(context) + total(tail);
  return { key, cached, seconds, examples: job.rows.length, tokens, bytes: packedBytes(job.kept, job.rows) };
}

async function compute(runContext: RunContext, job: EncodeJob, key: string, shards: number): Promise<Entry> {
  const { rows, kept } = job, { store, emit } = runContext;
  const own = kept.filter((value) => !isShared(value));
  const parts = await storedShards(store, key, shards);
  await using packing = await Packing.open(runContext, job);
  const lacking = shardsOf(shards).filter(({ number }) => !parts.has(number));
  await packing.prepare(lacking.flatMap((shard) => runsOf(packing.runs, shard)), key);
  const done = beginWork(emit, "encode", rows.length);
  const entry = await store.putAndOpen("encode", key, async (writer) => {
    writer.declare({
      tensors: [
        ...packing.shared.map(({ name, shape }) => ({ name, dtype: "F32" as const, shape })),
        ...packing.declared(packing.runs.flat()),
      ],
      metadata: { values: JSON.stringify(own.map(({ name, value }) => [name, value.shape])) },
    });
    for (const { name, data } of packing.shared) writer.append(name, data);
    let finished = 0;
    for (const shard of shardsOf(shards)) {
      const part = parts.get(shard.number);
      for (const run of runsOf(packing.runs, shard)) {
        for (const [name, values] of part === undefined ? await packing.pack(run) : await readRun(part, run)) {
          writer.append(name, values);
        }
        done(finished += run.length);
      }
    }
  });
  for (const part of parts.values()) part[Symbol.dispose]();
  removeShards(store, key, shards);
  packing.removeParts();
  return entry;
}

async function readRun(part: Entry, run: readonly number[]): Promise<readonly (readonly [string, Float32Array])[]> {
  const found: (readonly [string, Float32Array])[] = [];
  for (const example of run) found.push([String(example), await part.read(String(example))]);
  return found;
}
