/** Paths within a folder that come from a file, which may be untrusted. @module */
import { dirname, isAbsolute, join, relative } from "node:path";
import { system } from "./system.ts";
import { RequestError } from "./errors.ts";
import { quote } from "./suggest.ts";

/** Whether a path leads out of the folder that it starts from, judged only by its text. */
export function leavesFolder(path: string): boolean {
  return path === "" || path.includes("\0") || isAbsolute(path) || /^[A-Za-z]:/.test(path) ||
    path.split(/[/\\]/).includes("..");
}

/** A path with forward slashes, as it is written on every system. */
export function slashed(path: string): string {
  return path.replaceAll("\\", "/");
}

/**
 * A path within a folder; no link in it leads out either.
 *
 * @param folder May itself be a link, and need not exist.
 * @param path Relative to the folder. It need not exist.
 * @param file The file that names the path; the folder if omitted.
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

/**
 * The real location of a path, or if it does not exist, of the nearest existing folder above it. A dangling link has
 * none.
 */
async function realAncestor(path: string): Promise<string | undefined> {
  for (let at = path;; at = dirname(at)) {
    const real = await system.realPath(at).catch(() => undefined);
    if (real !== undefined) return real;
    const isLink = await system.lstat(at).then(({ isSymlink }) => isSymlink, () => false);
    if (isLink || dirname(at) === at) return undefined;
  }
}
