/** Paths that a file names within a folder: someone else may have written it. @module */
import { dirname, isAbsolute, join, relative } from "node:path";
import { system } from "./system.ts";
import { RequestError } from "./errors.ts";
import { quote } from "./suggest.ts";

/** Whether a path leads out of the folder that it starts from, judged by its text alone. */
export function leavesFolder(path: string): boolean {
  return path === "" || path.includes("\0") || isAbsolute(path) || /^[A-Za-z]:/.test(path) ||
    path.split(/[/\\]/).includes("..");
}

/** A path with slashes, as it is written down on every system. */
export function slashed(path: string): string {
  return path.replaceAll("\\", "/");
}

/**
 * A path within a folder, of which no link leads out either.
 *
 * @param folder It may be a link itself, and need not be there.
 * @param path From the folder. What it leads to need not be there.
 * @param file What names the path; the folder if omitted.
 * @returns Both joined. Throws a RequestError if it leads out of the folder.
 */
export async function innerPath(folder: string, path: string, file: string = folder): Promise<string> {
  const refusal = new RequestError(`names ${quote(path)}, which leads out of ${folder}; trust nothing of it`, { file });
  if (leavesFolder(path)) throw refusal;
  const joined = join(folder, path), root = await system.realPath(folder).catch(() => undefined);
  if (root === undefined) return joined;
  const real = await realAncestor(joined), way = real === undefined ? ".." : relative(root, real);
  if (isAbsolute(way) || way.split(/[/\\]/)[0] === "..") throw refusal;
  return joined;
}

/** Where a path really is; of one that is not there, where the nearest folder above it is. A link to nothing is nowhere. */
async function realAncestor(path: string): Promise<string | undefined> {
  for (let at = path;; at = dirname(at)) {
    const real = await system.realPath(at).catch(() => undefined);
    if (real !== undefined) return real;
    const isLink = await system.lstat(at).then(({ isSymlink }) => isSymlink, () => false);
    if (isLink || dirname(at) === at) return undefined;
  }
}
