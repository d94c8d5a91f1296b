/** Files that a command writes. @module */
import { resolve, sep } from "node:path";
import { RequestError } from "../../common/errors.ts";
import type { BareModel } from "../../models/open/model.ts";

/** @throws {RequestError} If a path to write a file at is a folder's. */
export async function requireFilePath(out: string): Promise<void> {
  if ((await Deno.stat(out).catch(() => undefined))?.isDirectory !== true) return;
  throw new RequestError("is a folder; give --out a file", { file: out });
}

/**
 * Requires that a file to write is not one that the command reads.
 *
 * @param model The base model: none of its files may be replaced.
 * @param read Other files that the command reads.
 * @throws {RequestError} If it is.
 */
export async function requireUnread(out: string, model: BareModel, read: readonly string[] = []): Promise<void> {
  const real = await realPath(out);
  if (real === undefined) return;
  const { folder, source: { name, options: { base } } } = model;
  for (const path of [folder, resolve(base, name), ...read]) {
    const source = await realPath(path);
    const isWithin = (file: string) => file === source || file.startsWith(source + sep);
    if (source === undefined || ![resolve(out), real].some(isWithin)) continue;
    throw new RequestError("is read by this command and would be overwritten; give --out another file", { file: out });
  }
}

function realPath(path: string): Promise<string | undefined> {
  return Deno.realPath(path).catch(() => undefined);
}
