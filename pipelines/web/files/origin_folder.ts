/**
 * The part of the Origin Private File System that is used, as the web's standard has it in a dedicated worker and
 * TypeScript's library for Deno does not. {@link https://fs.spec.whatwg.org}
 *
 * @module
 */
import type { Blocks } from "./blocks.ts";

/** A file that can be opened to be read and written at once, by one owner. */
interface OriginFile {
  createSyncAccessHandle(): Promise<Blocks>;
}

/** A folder. */
export interface OriginFolder {
  getDirectoryHandle(name: string, options: { readonly create: boolean }): Promise<OriginFolder>;
  getFileHandle(name: string, options: { readonly create: boolean }): Promise<OriginFile>;
  entries(): AsyncIterable<readonly [name: string, handle: unknown]>;
}

/** What the browser says of a site's room, in bytes. */
export interface StorageEstimate {
  readonly usage?: number;
  readonly quota?: number;
}

/** What a browser keeps for a site. */
interface OriginStorage {
  getDirectory(): Promise<OriginFolder>;
  estimate(): Promise<StorageEstimate>;
}

/** This site's storage; nothing where the browser has none. */
export function originStorage(): OriginStorage | undefined {
  const { navigator } = globalThis;
  return "storage" in navigator && isStorage(navigator.storage) ? navigator.storage : undefined;
}

function isStorage(value: unknown): value is OriginStorage {
  return typeof value === "object" && value !== null && "getDirectory" in value;
}

/** The folder of this site; nothing where the browser keeps none, or none that is read at once. */
export async function originFolder(): Promise<OriginFolder | undefined> {
  if (!("FileSystemSyncAccessHandle" in globalThis)) return undefined;
  return await originStorage()?.getDirectory().catch(() => undefined);
}
