import { constants } from "node:os";
import { basename, dirname, join } from "node:path";
import { system, type SystemFile } from "./system.ts";
import { publish, publishUnsynced } from "./durable.ts";
import { isStill, removeLeavings, removeOwn } from "./leavings.ts";
import { DiskError, RequestError } from "./errors.ts";
import { formatSize } from "./size.ts";

/** A JSON object whose members are still to be checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a parsed JSON value is an object, not an array and not null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A failure's message, on one line and without the names of system calls. */
export function faultText(fault: unknown): string {
  const text = fault instanceof Error ? fault.message : String(fault);
  return text.replace(/\s+/g, " ").replace(/ \(os error \d+\).*$/, "").replace(/\.$/, "").trim();
}

/**
 * The bytes of a file, or undefined if there is none. Throws a RequestError if it cannot be read, or is a device or a
 * pipe, which may block or never end.
 *
 * @param most The maximum number of bytes.
 */
export async function readFileIfPresent(
  path: string,
  most: number = Infinity,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const { isFile, isDirectory, size } = await system.stat(path);
    if (!isFile && !isDirectory) {
      throw new RequestError("is a device or a pipe; copy its content to a file", { file: path });
    }
    if (size > most) {
      throw new RequestError(`has ${formatSize(size)}, but such files may have at most ${formatSize(most)}`, {
        file: path,
      });
    }
    return await system.readFile(path);
  } catch (fault) {
    if (fault instanceof RequestError) throw fault;
    if (isGone(fault)) {
      await refuseBrokenLink(path);
      return undefined;
    }
    throw new RequestError(`can't be read (${faultText(fault)}); check the path and its permissions`, { file: path });
  }
}

/** Whether a path is a symbolic link to something that does not exist. */
export async function isBrokenLink(path: string): Promise<boolean> {
  const isLink = await system.lstat(path).then(({ isSymlink }) => isSymlink, () => false);
  return isLink && await system.stat(path).then(() => false, isGone);
}

/**
 * Refuses a symbolic link to something that does not exist. Taken for an absent file, it would be ignored where files
 * are optional.
 */
export async function refuseBrokenLink(path: string): Promise<void> {
  if (!await isBrokenLink(path)) return;
  throw new RequestError("is a symbolic link to a file that does not exist; restore that file, or remove the link", {
    file: path,
  });
}

/** Names of numbers that Python's json reads and writes, outside of strings. */
const pythonNumbers = /"(?:[^"\\]|\\.)*"|(?<![\w.])(?:-?Infinity|NaN)\b(?!\s*:)/g;
/** A noncharacter string with the length of `NaN`, so that positions in the file stay the same. */
const notANumber = "\ufdd2";

/** Parses JSON, and JSON with `Infinity`, `-Infinity` and `NaN`, which Python's json supports beyond the standard. */
function parseAsPython(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (fault) {
    const spelled = text.replace(pythonNumbers, (found) => {
      if (found.startsWith('"')) return found;
      return found === "NaN" ? `"${notANumber}"` : found.replace("Infinity", "1e999999");
    });
    if (spelled === text) throw fault;
    return JSON.parse(spelled, (_, value: unknown) => value === notANumber ? NaN : value);
  }
}

/**
 * Parses the content of a JSON file that must hold an object, and may hold what Python's json writes.
 *
 * @param bytes The file's content, UTF-8.
 * @param path Where it came from, for the message.
 * @param remedy What to do if the file is invalid, such as `download it again`.
 * @returns The object. Throws a RequestError with the line and column of an error.
 */
export function parseJsonObject(bytes: Uint8Array, path: string, remedy: string): JsonObject {
  let value: unknown;
  try {
    value = parseAsPython(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (fault) {
    const at = /\(line (\d+) column (\d+)\)/.exec(faultText(fault));
    const location = at === null ? { file: path } : { file: path, line: Number(at[1]), column: Number(at[2]) };
    throw new RequestError(`is not JSON; ${remedy}`, location);
  }
  if (!isJsonObject(value)) throw new RequestError(`must hold a JSON object; ${remedy}`, { file: path });
  return value;
}

/** The maximum size of a JSON file in bytes; the largest tokenizers have 40 MB. */
export const mostJson = 256e6;

/** Reads a JSON object from a file; undefined if the file is absent. Errors as in {@linkcode parseJsonObject}. */
export async function readJsonObject(path: string, remedy: string): Promise<JsonObject | undefined> {
  const bytes = await readFileIfPresent(path, mostJson);
  return bytes === undefined ? undefined : parseJsonObject(bytes, path, remedy);
}

/** A unique name next to `path`, for a file that will be renamed to it. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.tmp`);
}

/** Marks a temporary file as being written, until it is closed or its process dies, if the system can. */
export function markWritten(file: SystemFile): void {
  try {
    file.lockSync(true);
  } catch {
    // A file system without locks: what is left there is removed after a day.
  }
}

/**
 * Writes a file so that a reader, and a disk after a power failure, has all of it or nothing: under a temporary name in
 * the same folder, then {@linkcode publish}ed. What killed processes have left of it is removed.
 *
 * @param path The file to create or replace; its folder must exist.
 * @param chunks Its content, in order. The temporary file is removed if anything fails.
 * @returns When the file is in place. Throws a DiskError naming the path if it cannot be written.
 */
export function writeAtomically(path: string, chunks: Chunks): Promise<void> {
  removeLeavings(path);
  return writeThen(path, chunks, publish);
}

/**
 * Writes a file as {@linkcode writeAtomically} does, except that it may be empty after a power failure: for files that
 * are rewritten every second and that nobody would miss.
 */
export function replaceFile(path: string, chunks: Chunks): Promise<void> {
  return writeThen(path, chunks, publishUnsynced);
}

/**
 * Refuses a path at which there is no folder.
 *
 * @param wanted What to give instead of a file.
 */
export async function requireFolder(path: string, wanted: string): Promise<void> {
  const info = await system.stat(path).catch(() => undefined);
  if (info === undefined) throw new RequestError("there is no such folder; check the path", { file: path });
  if (!info.isDirectory) throw new RequestError(`is a file; give ${wanted}`, { file: path });
}

/** Whether there is a folder at a path, as far as this process can see. */
export function isFolder(path: string): Promise<boolean> {
  return system.stat(path).then((info) => info.isDirectory, () => false);
}

/**
 * Requires before any work that files can be written into a folder after it.
 *
 * @throws {DiskError} If not.
 */
export async function requireWritable(folder: string): Promise<void> {
  const probe = temporaryName(join(folder, "probe"));
  try {
    await system.writeTextFile(probe, "");
    await system.remove(probe);
  } catch (fault) {
    throw unwritable(folder, fault);
  }
}

/** A file's content, in order. */
export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

async function writeThen(path: string, chunks: Chunks, finish: typeof publish): Promise<void> {
  const temporary = temporaryName(path);
  try {
    using file = await createLocked(temporary);
    for await (const chunk of chunks) await writeAll(file, chunk);
    await finish(file, temporary, path);
  } catch (fault) {
    await removeOwn(temporary);
    throw unwritable(path, fault);
  }
}

/**
 * Writes a file as {@linkcode writeAtomically} does, unless its content turns out not to exist.
 *
 * @param write Writes it; returns whether it did.
 * @returns What `write` returned.
 */
export async function writeIfWhole(path: string, write: (file: SystemFile) => Promise<boolean>): Promise<boolean> {
  const temporary = temporaryName(path);
  try {
    using file = await createLocked(temporary);
    if (await write(file)) {
      await publish(file, temporary, path);
      return true;
    }
    await removeOwn(temporary);
    return false;
  } catch (fault) {
    await removeOwn(temporary);
    throw unwritable(path, fault);
  }
}

/** A file system may report another name for an open file than its path: then it stays as it is. */
export const mostTries = 3;

/**
 * Creates a file and locks it; it is created again if another process removed it as abandoned before the lock was
 * taken.
 */
async function createLocked(path: string): Promise<SystemFile> {
  for (let tries = 1;; tries++) {
    // Synchronously: whatever else this process writes to the same path would find it unlocked, and remove it.
    const file = system.openSync(path, { write: true, createNew: true });
    markWritten(file);
    if (isStill(file, path) || tries === mostTries) return file;
    file.close();
    await removeOwn(path);
  }
}

/** The content of a file, in chunks. */
export async function* contentOf(path: string): AsyncGenerator<Uint8Array> {
  using file = await system.open(path);
  const buffer = new Uint8Array(1 << 20);
  for (let count; (count = await file.read(buffer)) !== null;) yield buffer.subarray(0, count);
}

/** Writes a whole chunk, however little the system accepts at a time. */
export async function writeAll(file: SystemFile, chunk: Uint8Array): Promise<void> {
  for (let written = 0; written < chunk.length;) written += await file.write(chunk.subarray(written));
}

/** The error for a path that the system refuses to write. */
export function unwritable(path: string, fault: unknown): DiskError {
  const remedy = ["ENOSPC", "EDQUOT"].includes(systemCode(fault) ?? "")
    ? "free some space"
    : "make its folder writable";
  return new DiskError(`${path}: can't be written (${faultText(fault)}); ${remedy} or choose another folder`);
}

/** The system's name of an error, as in `ENOSPC`; undefined for errors that are not the system's. */
export function systemCode(fault: unknown): string | undefined {
  const code = fault instanceof Error && "code" in fault ? fault.code : undefined;
  if (typeof code === "string" && /^E[A-Z0-9]+$/.test(code)) return code;
  // Deno names few of them, but states the number of all.
  const number = fault instanceof Error ? /\(os error (\d+)\)/.exec(fault.message)?.[1] : undefined;
  if (number === undefined) return undefined;
  const known = Object.entries(constants.errno).find(([, value]) => value === Number(number));
  return known?.[0] ?? `E${number}`;
}

/** Whether a failure says that a file is gone; on NFS, an open file can be, too: another machine has removed it. */
export function isGone(fault: unknown): boolean {
  return fault instanceof system.errors.NotFound || systemCode(fault) === "ESTALE";
}

/** The next bytes of an open file: as many as requested, or fewer at its end. */
export function readUpTo(file: SystemFile, length: number): Promise<Uint8Array<ArrayBuffer>> {
  return readInto(file, new Uint8Array(length));
}

/** Fills an array with the next bytes of an open file; returns the part that was filled, less than all at its end. */
export async function readInto(file: SystemFile, target: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  let done = 0;
  while (done < target.length) {
    const count = await file.read(target.subarray(done));
    if (count === null) break;
    done += count;
  }
  return target.subarray(0, done);
}
