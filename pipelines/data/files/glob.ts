/** Paths with wildcards. The only file that uses the library for them. @module */
import { join, resolve } from "node:path";
// @ts-types="@types/picomatch"
import picomatch from "picomatch";
import { system } from "../../common/system.ts";
import { RequestError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import type { RowFile } from "./record_kind.ts";

/** Whether a path may match several files: it contains `*`, `?`, `[…]` or `{…}`. */
export function isPattern(path: string): boolean {
  return /[*?]|\[.+\]|\{.+\}/.test(path);
}

/** The folder that a pattern begins with, including its last slash; empty if it begins with none. */
export function fixedPart(pattern: string): string {
  const parts = pattern.split("/"), first = parts.findIndex(isPattern);
  return parts.slice(0, first === -1 ? -1 : first).map((part) => `${part}/`).join("");
}

/** The names that match a pattern, in which `**` matches any folders. */
export function matching(pattern: string, names: readonly string[]): readonly string[] {
  const matches = picomatch(pattern);
  return names.filter((name) => matches(name));
}

/**
 * The files that a path names: one, or those that match a pattern, in the order of their names' characters.
 *
 * @param path Absolute, or relative to `base`. A file whose own name looks like a pattern is itself.
 * @returns A single path as it is, whether it exists or not. Throws a RequestError if nothing matches a pattern.
 */
export async function filesOfPath(path: string, base: string): Promise<readonly RowFile[]> {
  const file = resolve(base, path);
  if (!isPattern(path) || await system.stat(file).then(() => true, () => false)) return [{ name: path, path: file }];
  const start = fixedPart(path), glob = path.slice(start.length);
  const depth = glob.includes("**") ? Infinity : glob.split("/").length;
  const names = matching(glob, await namesBelow(resolve(base, start), "", depth));
  const found = names.map((name) => ({ name: start + name, path: resolve(base, start, name) }));
  if (found.length > 0) return found.sort((one, other) => one.path < other.path ? -1 : 1);
  throw new RequestError(`no file matches ${quote(path)} in ${base}; correct it, or give the path of a file`);
}

/** The files below a folder, including links to files, as relative paths; empty if there is no folder. */
export async function namesBelow(folder: string, within = "", depth = Infinity): Promise<readonly string[]> {
  const found: string[] = [];
  const entries = await Array.fromAsync(system.readDir(join(folder, within))).catch(() => []);
  for (const { name, isDirectory, isSymlink } of entries) {
    const path = within === "" ? name : `${within}/${name}`;
    if (isDirectory) {
      if (depth > 1) found.push(...await namesBelow(folder, path, depth - 1));
    } else if (!isSymlink || await system.stat(join(folder, path)).then(({ isFile }) => isFile, () => false)) {
      found.push(path);
    }
  }
  return found;
}
