/**
 * Writes a Hugging Face folder of a model with its adaptations merged into the weights, tensor by tensor, so that at
 * most one whole projection is in memory.
 *
 * @module
 */
import { join } from "node:path";
import { ownValue, putValue } from "../../../ops/program/own_value.ts";
import { elementCount, type Shape } from "../../../ops/program/dimension.ts";
import { RequestError } from "../../common/errors.ts";
import { unwritable, writeAll } from "../../common/files.ts";
import { copyTensors, type TensorMap } from "../../compile/parameters/initial.ts";
import { frozenWeight } from "../../compile/programs/frozen_weight.ts";
import { mergeProgram, type MergeSite } from "../../compile/programs/merge_program.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import { readTensor } from "../../models/weights/safetensors.ts";
import type { TensorRecord } from "../../models/weights/safetensors_table.ts";
import { type DeclaredTensor, encodeHeader } from "../../models/weights/safetensors_writer.ts";
import type { Sessions } from "../../schedule/context/sessions.ts";
import { isStoredType, RoundingLoss, storages, stored, type StoredType } from "./rounding.ts";
import { chunksOf } from "./tensor_chunks.ts";

/** What is written. */
interface MergedWeights {
  /** All tensors of the model's files, in order. */
  readonly records: readonly TensorRecord[];
  readonly weights: Omit<ModelWeights, "digest">;
  readonly sites: readonly MergeSite[];
  /** Biases that the model gets, by name; those that were not trained are 0. */
  readonly added: ReadonlyMap<string, readonly number[]>;
  /** The trained tensors. */
  readonly tensors: TensorMap;
  /** The type that all weights are stored in; their own if omitted. */
  readonly dtype: StoredType | undefined;
  /** The maximum size of a file in bytes. */
  readonly shardSize: number;
  readonly sessions: Sessions;
  readonly progress: (done: number, total: number, file: string) => void;
}

/** A part of a merged projection. */
interface Part {
  readonly site: MergeSite;
  readonly name: "weight" | "bias";
}

/** A tensor of the new files. */
interface OutputTensor extends DeclaredTensor {
  readonly dtype: string;
  /** The tensor that it replaces. */
  readonly record?: TensorRecord;
  readonly part?: Part;
}

/**
 * Writes model.safetensors, or shards and their index.
 *
 * @returns How much rounding changed the projections.
 * @throws {RequestError} If a tensor cannot be read, or a number is too large for the type.
 * @throws {DiskError} If a file cannot be written.
 */
export async function writeMergedWeights(folder: string, merged: MergedWeights): Promise<RoundingLoss> {
  const outputs = outputsOf(merged), shards = shardsOf(outputs, merged.shardSize), loss = new RoundingLoss();
  const total = outputs.reduce((sum, { bytes }) => sum + bytes, 0), map: Record<string, string> = {};
  let done = 0;
  for (const [at, shard] of shards.entries()) {
    const number = (value: number) => String(value).padStart(5, "0");
    const name = shards.length === 1
      ? "model.safetensors"
      : `model-${number(at + 1)}-of-${number(shards.length)}.safetensors`;
    const path = join(folder, name);
    using file = await onDisk(path, Deno.open(path, { write: true, createNew: true }));
    await onDisk(path, writeAll(file, encodeHeader(shard, { format: "pt" })));
    for (const tensor of shard) {
      putValue(map, tensor.name, name);
      for await (const chunk of contentOf(tensor, merged, loss)) {
        await onDisk(path, writeAll(file, chunk));
        merged.progress(done += chunk.length, total, name);
      }
    }
  }
  if (shards.length > 1) {
    const path = join(folder, "model.safetensors.index.json");
    const index = { metadata: { total_size: total }, weight_map: map };
    await onDisk(path, Deno.writeTextFile(path, JSON.stringify(index, null, 2) + "\n"));
  }
  return loss;
}

async function onDisk<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (fault) {
    throw unwritable(path, fault);
  }
}

/** The tensors of the new files: the existing ones, then the new biases. */
function outputsOf({ records, weights, sites, added, dtype }: MergedWeights): OutputTensor[] {
  const partOf = (site: MergeSite, name: Part["name"]): Part => ({ site, name });
  const parts = new Map<string, Part>(sites.flatMap((site) => {
    const own: [string, Part][] = [[site.weight, partOf(site, "weight")], [biasOf(site.weight), partOf(site, "bias")]];
    return own.filter(([, { name }]) => Object.hasOwn(mergeProgram(site, sourceOf(weights)).outputs, name));
  }));
  const storedParts = new Map([...parts].map(([name, part]) => [weights.find(name)?.name, part]));
  const declared = (name: string, type: string, shape: readonly number[]) => {
    const wanted = dtype !== undefined && isStoredType(type) ? dtype : type;
    return {
      name,
      dtype: wanted,
      shape,
      bytes: isStoredType(wanted) ? elementCount(shape) * storages[wanted].bytes : 0,
    };
  };
  const kept = records.map((record): OutputTensor => {
    const part = storedParts.get(record.name), own = declared(record.name, record.dtype, record.shape);
    return { ...own, bytes: isStoredType(own.dtype) ? own.bytes : record.bytes, record, ...part && { part } };
  });
  const fresh = [...added].map(([name, shape]): OutputTensor => {
    const weight = weights.find(name.replace(/\.bias$/, ".weight"))!, part = parts.get(name);
    return { ...declared(biasOf(weight.name), weight.dtype, shape), ...part && { part } };
  });
  return [...kept, ...fresh];
}

/** The name of a projection's bias. */
export function biasOf(weight: string): string {
  return weight.replace(/\.weight$/, ".bias");
}

/** Whether a projection without a bias gets one. */
export function givesBias(site: MergeSite, weights: Pick<ModelWeights, "storedType">): boolean {
  return site.bias === undefined && Object.hasOwn(mergeProgram(site, sourceOf(weights)).outputs, "bias");
}

const sourceOf = ({ storedType }: Pick<ModelWeights, "storedType">) => (name: string, shape: Shape) =>
  frozenWeight(name, shape, storedType(name));

/** Runs of tensors that fit into one file. */
function shardsOf(outputs: readonly OutputTensor[], most: number): OutputTensor[][] {
  const shards: OutputTensor[][] = [];
  let size = Infinity;
  for (const tensor of outputs) {
    if (size + tensor.bytes > most && (shards.at(-1)?.length ?? 1) > 0) {
      shards.push([]);
      size = 0;
    }
    shards.at(-1)!.push(tensor);
    size += tensor.bytes;
  }
  return shards;
}

async function* contentOf(
  { record, part, dtype, name, shape }: OutputTensor,
  merged: MergedWeights,
  loss: RoundingLoss,
): AsyncGenerator<Uint8Array> {
  if (part === undefined) {
    if (record === undefined) yield new Uint8Array(elementCount(shape) * storages[dtype as StoredType].bytes);
    else yield* chunksOf(record, dtype);
    return;
  }
  const data = await compute(part, merged), type = dtype as StoredType;
  const broken = data.find((element) => !Number.isFinite(element));
  if (broken !== undefined) throw new RequestError(`the merged tensor ${name} holds ${broken}; train it again`);
  loss.add(data, record && await readTensor(record), type);
  yield stored(name, data, type);
}

/** Computes one part of a merged projection. */
async function compute({ site, name }: Part, { weights, tensors, sessions }: MergedWeights) {
  const whole = mergeProgram(site, sourceOf(weights));
  const program = { name: whole.name, outputs: { [name]: whole.outputs[name]! } };
  const located = { digest: site.weight, locate: weights.locate };
  const session = await sessions.open(program, located);
  const fed = copyTensors(
    Object.fromEntries(session.model.fed.map((input) => [input.name, ownValue(tensors, input.name)!])),
  );
  const { outputs } = await session.run(fed);
  await sessions.release(program, located);
  return outputs[name]!.data as Float32Array<ArrayBuffer>;
}
