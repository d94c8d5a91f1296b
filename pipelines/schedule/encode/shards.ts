/**
 * An encoding in shards, so that several processes can share its rows: each computes some of its runs, and one puts
 * them together. The runs are those of a single process, so the bytes are the same too.
 *
 * @module
 */
import { keyOf } from "../../common/content_key.ts";
import type { Entry } from "../../store/entry.ts";
import type { Store } from "../../store/store.ts";

/** One of several shards with about the same number of tokens. */
export interface Shard {
  /** From 0. */
  readonly number: number;
  readonly of: number;
}

/** The kind of entry that holds a shard's rows until all shards are there. */
export const shardKind = "shard";

/** The store's key of a shard of an encoding. */
export function shardKey(key: string, { number, of }: Shard): string {
  return keyOf([key, "shard", number, of]);
}

/** All shards of an encoding. */
export function shardsOf(of: number): readonly Shard[] {
  return Array.from({ length: of }, (_, number) => ({ number, of }));
}

/** The runs of a shard. */
export function runsOf<Run>(all: readonly Run[], { number, of }: Shard): readonly Run[] {
  return all.slice(Math.floor(number * all.length / of), Math.floor((number + 1) * all.length / of));
}

/** The shards that the store has, by number; the caller closes them. */
export async function storedShards(store: Store, key: string, of: number): Promise<ReadonlyMap<number, Entry>> {
  const found = new Map<number, Entry>();
  if (of === 1) return found;
  for (const shard of shardsOf(of)) {
    const entry = await store.get(shardKind, shardKey(key, shard));
    if (entry !== undefined) found.set(shard.number, entry);
  }
  return found;
}

/** Removes the shards of an encoding that is in the store. */
export function removeShards(store: Store, key: string, of: number): void {
  if (of > 1) { for (const shard of shardsOf(of)) store.remove(shardKind, shardKey(key, shard)); }
}
