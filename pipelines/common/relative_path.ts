/** Paths in a manifest, which may be moved to another machine. @module */
import { isAbsolute, relative, sep } from "node:path";

/** An absolute path made relative to a folder; anything else, such as a hub id, stays as it is. */
export function pathFrom(folder: string, path: string): string {
  if (!isAbsolute(path)) return path;
  const found = relative(folder, path);
  // Another drive.
  if (isAbsolute(found)) return path;
  const slashed = found.replaceAll(sep, "/");
  return slashed.startsWith("..") ? slashed : `./${slashed}`;
}
