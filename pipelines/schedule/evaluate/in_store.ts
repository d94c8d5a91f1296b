/** What an evaluation computes, kept in the store. @module */
import { removeParts } from "../context/resumable_batches.ts";
import type { RunContext } from "../context/run_context.ts";

/** A document of the store, and whether it was there. */
interface Stored<T> {
  readonly found: T;
  readonly cached: boolean;
}

/** A document of the store, made if it is not there. */
export async function inStore<T>(
  { store }: RunContext,
  key: string,
  make: (key: string) => Promise<T>,
): Promise<Stored<T>> {
  const stored = await store.getJson("predictions", key) as T | undefined;
  const found = stored ?? await make(key);
  if (stored === undefined) await store.putJson("predictions", key, found);
  // Also what a run left that died between the two.
  removeParts(store, key);
  return { found, cached: stored !== undefined };
}
