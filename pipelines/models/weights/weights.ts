import { join } from "node:path";
import { system } from "../../common/system.ts";
import { RequestError } from "../../common/errors.ts";
import { faultText, isJsonObject, readJsonObject, refuseBrokenLink } from "../../common/files.ts";
import { leavesFolder } from "../../common/inner_path.ts";
import { readHeader } from "./safetensors.ts";
import type { TensorRecord } from "./safetensors_table.ts";

/** A model's weights on disk. */
export interface Weights {
  /** Every tensor of the model, by name. */
  readonly tensors: ReadonlyMap<string, TensorRecord>;
  /** The real paths of their files, in the order of the shards' names. */
  readonly files: readonly string[];
  /** The index that lists them, if there are several. */
  readonly index?: {
    readonly file: string;
    /**
     * A shard that is missing from the index, according to the names of the others, as in
     * `model-00002-of-00003.safetensors`.
     */
    readonly lacks?: string;
  };
}

const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";
const AGAIN = "download the model again";

/**
 * Opens a model folder's weights; only the files' headers are read.
 *
 * @param folder Contains `model.safetensors`, or `model.safetensors.index.json` and the shards that it names.
 * @returns The tensors and their files.
 * @throws {RequestError} If there are none, the index is broken or names a shard that is absent or outside the folder,
 * a shard lacks a tensor that the index assigns to it, or a file is invalid.
 */
export async function openWeights(folder: string): Promise<Weights> {
  if (await exists(join(folder, SINGLE))) {
    const { tensors } = await readHeader(join(folder, SINGLE));
    return { tensors, files: [await system.realPath(join(folder, SINGLE))] };
  }
  const path = join(folder, INDEX);
  const index = await readJsonObject(path, AGAIN);
  if (index === undefined) {
    throw new RequestError(
      `has neither ${SINGLE} nor ${INDEX}; give a folder that has, or convert its weights to safetensors`,
      { file: folder },
    );
  }
  return await openShards(folder, path, index["weight_map"]);
}

/** The sorted shards named in a `model.safetensors.index.json`; undefined if its weight map is invalid. */
export function shardsOf(weightMap: unknown): readonly string[] | undefined {
  if (!isJsonObject(weightMap)) return undefined;
  const shards = Object.values(weightMap).filter((shard) => typeof shard === "string");
  if (shards.length === 0 || shards.length !== Object.keys(weightMap).length) return undefined;
  const files = new Set(shards);
  return files.size > mostShards ? undefined : [...files].sort();
}

/** The maximum number of weight files. */
const mostShards = 10_000;

async function openShards(folder: string, index: string, weightMap: unknown): Promise<Weights> {
  const shards = shardsOf(weightMap);
  if (shards === undefined || !isJsonObject(weightMap)) {
    throw new RequestError(`has no "weight_map" from tensor names to file names; ${AGAIN}`, { file: index });
  }
  const headers = new Map<string, ReadonlyMap<string, TensorRecord>>();
  for (const shard of shards) {
    // Checked only by name, since in a Hugging Face cache the files themselves are links out of the folder.
    if (leavesFolder(shard)) {
      throw new RequestError(`names the shard ${JSON.stringify(shard)} outside its folder; ${AGAIN}`, { file: index });
    }
    if (!await exists(join(folder, shard))) {
      throw new RequestError(`shard ${JSON.stringify(shard)} of ${INDEX} is absent; ${AGAIN}`, { file: folder });
    }
    headers.set(shard, (await readHeader(join(folder, shard))).tensors);
  }
  const tensors = new Map<string, TensorRecord>();
  for (const [name, shard] of Object.entries(weightMap)) {
    const tensor = headers.get(String(shard))?.get(name);
    if (tensor === undefined) {
      const file = join(folder, String(shard));
      throw new RequestError(`lacks tensor ${JSON.stringify(name)}, which ${INDEX} assigns to it; ${AGAIN}`, { file });
    }
    tensors.set(name, tensor);
  }
  const files = await Promise.all(shards.map((shard) => system.realPath(join(folder, shard))));
  const lacks = missingShard(shards);
  return { tensors, files, index: { file: index, ...lacks === undefined ? {} : { lacks } } };
}

function missingShard(shards: readonly string[]): string | undefined {
  for (const shard of shards) {
    const [, before, count = "", after] = /^(.*-)\d+-of-(\d+)(\..*)$/.exec(shard) ?? [];
    for (let part = 1; part <= Math.min(Number(count), shards.length + 1); part++) {
      const name = `${before}${String(part).padStart(count.length, "0")}-of-${count}${after}`;
      if (!shards.includes(name)) return name;
    }
  }
  return undefined;
}

/** Whether a file exists; a link to a missing file is refused. */
async function exists(path: string): Promise<boolean> {
  try {
    await system.stat(path);
    return true;
  } catch (fault) {
    if (fault instanceof system.errors.NotFound || fault instanceof system.errors.NotADirectory) {
      await refuseBrokenLink(path);
      return false;
    }
    throw new RequestError(`can't be read (${faultText(fault)}); check its permissions`, { file: path });
  }
}
