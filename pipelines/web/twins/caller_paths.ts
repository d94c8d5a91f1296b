/** Paths in a tab, replacing `cli/requests/caller_paths.ts`: there is one project, and its folder is home. @module */
import { system } from "./system.ts";

/** The folder that paths are resolved from. */
export function callerFolder(): string {
  return system.cwd();
}

/** A path resolved from there. */
export function callerPath(path: string): string {
  return path.startsWith("/") ? path : `${callerFolder()}/${path}`;
}

/** The store's folder. */
export function storeFolder(store: string | undefined): string {
  return callerPath(store === undefined || isAddress(store) ? ".refract/store" : store);
}

/** Whether a given store is a shared cache's URL. */
export function isAddress(store: string): boolean {
  return /^[a-z]+:\/\//i.test(store);
}
