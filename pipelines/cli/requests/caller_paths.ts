/** Paths as the user of the command line means them. @module */
import { isAbsolute, join } from "node:path";

/** The folder that the user is in: `deno task` itself runs in that of deno.json. */
export function callerFolder(): string {
  return Deno.env.get("INIT_CWD") ?? Deno.cwd();
}

/** A path that the user gave on the command line. */
export function callerPath(path: string): string {
  return isAbsolute(path) ? path : join(callerFolder(), path);
}

/** The store's folder: the one given, or where it usually is. */
export function storeFolder(store: string | undefined): string {
  return store === undefined ? join(callerFolder(), ".refract", "store") : callerPath(store);
}
