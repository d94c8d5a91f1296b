/** Paths as the user of the command line means them. @module */
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
 * The store's folder: the one given, or where none is, as also before a shared cache, `.refract/store` in the project that the caller is in, else in the project of the
 * pipeline, else where the caller is.
 *
 * @param base The folder of the pipeline file, where there is one.
 */
export function storeFolder(store: string | undefined, base?: string): string {
  if (store !== undefined && !isAddress(store)) return callerPath(store);
  const project = projectOf(callerFolder()) ?? (base === undefined ? undefined : ownProjectOf(base));
  return join(project?.folder ?? callerFolder(), ".refract", "store");
}

/** Whether a store that was given is a shared cache's address. */
export function isAddress(store: string): boolean {
  return /^[a-z]+:\/\//i.test(store);
}

/** The project of a folder, unless that is Refract's own: an example's store is where it is called. */
function ownProjectOf(folder: string): Project | undefined {
  const project = projectOf(folder), own = new URL("../../../deno.json", import.meta.url);
  return project === undefined || pathToFileURL(project.file).href === own.href ? undefined : project;
}
