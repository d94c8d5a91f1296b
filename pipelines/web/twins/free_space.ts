/** The free space of a tab, replacing `common/free_space.ts`. @module */
import { originStorage, type StorageEstimate } from "../files/origin_folder.ts";

let free: number | undefined;

/** Asks the browser, which answers asynchronously. */
export async function measureFreeSpace(): Promise<void> {
  const { quota, usage = 0 }: StorageEstimate = await originStorage()?.estimate().catch(() => ({})) ?? {};
  free = quota === undefined ? undefined : Math.max(0, quota - usage);
}

/** Bytes that were free when it was measured; undefined if the browser does not say. */
export function freeSpace(_folder: string): number | undefined {
  return free;
}
