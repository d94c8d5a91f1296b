/** Resolves paths as the user of the command line means them. @module */
import { isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import { system } from "../../common/system.ts";
import { type Project, projectOf } from "../launch/project.ts";

/** The folder that the user is in: `deno task` itself runs in that of deno.json. */
export function callerFolder(): string {
  return system.env.get("INIT_CWD") ?? system.cwd();
}

/** A path that the user gave on the command line. */
export function callerPath(path: string): string {
  return isAbsolute(path) ? path : join(callerFolder(), path);
}

/**
 * The store's folder: the given one; otherwise, and in front of a shared cache, `.refract/store` in the project that
 * the caller is in, or else in the pipeline's project, or else in the caller's folder.
 *
 * @param base The folder of the pipeline file, if there is one.
 */
export function storeFolder(store: string | undefined, base?: string): string {
  if (store !== undefined && !isAddress(store)) return callerPath(store);
  const project = projectOf(callerFolder()) ?? (base === undefined ? undefined : ownProjectOf(base));
  return join(project?.folder ?? callerFolder(), ".refract", "store");
}

/** Whether a given store is a shared cache's URL. */
export function isAddress(store: string): boolean {
  return /^[a-z]+:\/\//i.test(store);
}

/**
 * The project of a folder, unless that is Refract's own: the examples use the store of the folder that they are run
 * from.
 */
function ownProjectOf(folder: string): Project | undefined {
  const project = projectOf(folder), own = new URL("../../../deno.json", import.meta.url);
  return project === undefined || pathToFileURL(project.file).href === own.href ? undefined : project;
}
