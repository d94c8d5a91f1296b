/**
 * The encode stage: what an example alone determines, computed once for all epochs and members, and kept in the store.
 *
 * @module
 */
import { packedBytes } from "../../compile/frontier/packed_values.ts";
import { allExtents } from "../../compile/rows/row_lengths.ts";
import type { EncodeRecord } from "../../results/results.ts";
import type { Entry } from "../../store/store.ts";
import type { RunContext } from "../context/run_context.ts";
import { claimed, madeOnce } from "../context/made_once.ts";
import { beginWork } from "../context/work.ts";
import { encodedRows, encodedTokens, type EncodeJob, encodeKey, rowValues } from "./encode_job.ts";
import { EncodedExamples } from "./encoded_examples.ts";
import { appendRow, RowReader } from "./encoded_rows.ts";
import { Packing } from "./packing.ts";
import { removeShards, runsOf, type Shard, shardKey, shardKind, shardsOf, storedShards } from "./shards.ts";

/**
 * The encoded examples, from the store if they are there.
 *
 * @param shards How many shards other processes may have computed.
 */
export async function encode(runContext: RunContext, job: EncodeJob, shards = 1): Promise<EncodedExamples> {
  const start = performance.now();
  const key = encodeKey(runContext, job);
  const { store } = runContext;
  let opened = start;
  const { value: entry, cached } = await madeOnce(runContext, "encode", key, {
    does: encodes,
    find: () => store.get("encode", key),
    make: () => compute(runContext, job, key, shards, () => opened = performance.now()),
  });
  const record = recordOf(job, key, cached, (performance.now() - start) / 1000);
  return new EncodedExamples({
    record,
    entry,
    rows: await RowReader.of(entry),
    job,
    startSeconds: (opened - start) / 1000,
  });
}

const encodes = "encodes the same rows";

/** Computes one shard of an encoding, unless it or the complete encoding is in the store. */
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
    packing.begin(writer, runs);
    let finished = 0;
    for (const run of runs) {
      for (const values of await packing.pack(run)) appendRow(writer, values);
      done(finished += run.length);
    }
  });
  packing.removeParts();
}

function recordOf(job: EncodeJob, key: string, cached: boolean, seconds: number): EncodeRecord {
  const tokens = allExtents(job.rows).shared + encodedTokens(job), examples = encodedRows(job).length;
  return { key, cached, seconds, examples, tokens, bytes: packedBytes(job.kept, job.rows, job.taken) };
}

/** @param onOpen Called when the program is open, if it runs as a whole. */
async function compute(
  runContext: RunContext,
  job: EncodeJob,
  key: string,
  shards: number,
  onOpen: () => void,
): Promise<Entry> {
  const { store, emit } = runContext;
  const entries = await storedShards(store, key, shards), parts = new Map<number, RowReader>();
  for (const [number, part] of entries) parts.set(number, await RowReader.of(part));
  await using packing = await Packing.open(runContext, job);
  const lacking = shardsOf(shards).filter(({ number }) => !parts.has(number));
  await packing.prepare(lacking.flatMap((shard) => runsOf(packing.runs, shard)), key);
  if (!packing.isInParts) onOpen();
  const done = beginWork(emit, "encode", encodedRows(job).length);
  const entry = await store.putAndOpen("encode", key, async (writer) => {
    packing.begin(writer, packing.runs, {
      before: packing.shared,
      metadata: { values: JSON.stringify(rowValues(job).map(({ name, value }) => [name, value.shape])) },
    });
    let finished = 0;
    for (const shard of shardsOf(shards)) {
      const part = parts.get(shard.number);
      for (const run of runsOf(packing.runs, shard)) {
        for (const values of part === undefined ? await packing.pack(run) : readRun(packing, part, run)) {
          appendRow(writer, values);
        }
        done(finished += run.length);
      }
    }
  });
  for (const part of entries.values()) part[Symbol.dispose]();
  removeShards(store, key, shards);
  packing.removeParts();
  return entry;
}

function readRun(packing: Packing, part: RowReader, run: readonly number[]): readonly Float32Array[] {
  return run.map((example) => {
    const values = new Float32Array(packing.countOf(example));
    part.readInto(example, values, 0, values.length);
    return values;
  });
}
