/**
 * The part of the Origin Private File System that is used, as specified for dedicated workers and missing in
 * TypeScript's library for Deno. {@link https://fs.spec.whatwg.org}
 *
 * @module
 */
import type { Blocks } from "./blocks.ts";

/** A file that one owner can open for synchronous reads and writes. */
interface OriginFile {
  createSyncAccessHandle(): Promise<Blocks>;
}

/** A folder. */
export interface OriginFolder {
  getDirectoryHandle(name: string, options: { readonly create: boolean }): Promise<OriginFolder>;
  getFileHandle(name: string, options: { readonly create: boolean }): Promise<OriginFile>;
  entries(): AsyncIterable<readonly [name: string, handle: unknown]>;
}

/** What the browser reports about a site's space, in bytes. */
export interface StorageEstimate {
  readonly usage?: number;
  readonly quota?: number;
}

/** What a browser stores for a site. */
interface OriginStorage {
  getDirectory(): Promise<OriginFolder>;
  estimate(): Promise<StorageEstimate>;
}

/** This site's storage; `undefined` if the browser has none. */
export function originStorage(): OriginStorage | undefined {
  const { navigator } = globalThis;
  return "storage" in navigator && isStorage(navigator.storage) ? navigator.storage : undefined;
}

function isStorage(value: unknown): value is OriginStorage {
  return typeof value === "object" && value !== null && "getDirectory" in value;
}

/** The folder of this site; `undefined` if the browser has none, or none with synchronous access. */
export async function originFolder(): Promise<OriginFolder | undefined> {
  if (!("FileSystemSyncAccessHandle" in globalThis)) return undefined;
  return await originStorage()?.getDirectory().catch(() => undefined);
}
