/** Paths as a manifest has them, which may move to another machine. @module */
import { isAbsolute, relative, sep } from "node:path";

/** An absolute path as it is from a folder; what is not an absolute path, as a hub's id, stays as it is. */
export function pathFrom(folder: string, path: string): string {
  if (!isAbsolute(path)) return path;
  const found = relative(folder, path);
  // Another drive.
  if (isAbsolute(found)) return path;
  const slashed = found.replaceAll(sep, "/");
  return slashed.startsWith("..") ? slashed : `./${slashed}`;
}
