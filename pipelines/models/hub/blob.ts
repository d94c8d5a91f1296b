/**
 * Downloading one file of a hub into the cache: into `<blob>.incomplete`, continuing where the last attempt stopped,
 * and renamed once its digest is correct.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { dirname } from "node:path";
import { pacedChunks, SilentServer } from "../../common/bounded_http.ts";
import { system, type SystemFile } from "../../common/system.ts";
import { publish } from "../../common/durable.ts";
import { removeOwn } from "../../common/leavings.ts";
import { unwritable, writeAll } from "../../common/files.ts";
import type { HubAccess } from "./access.ts";
import { holdLock } from "./lock.ts";
import { backoff, HubError, pause } from "./transport.ts";

/** A file that a hub lists. */
export interface HubFile {
  readonly path: string;
  /** The size in bytes. */
  readonly size: number;
  /** The SHA-256 of a large file, or git's SHA-1 of a small one, in hex, which is the name of its blob in the cache. */
  readonly digest: string;
}

/** The source and the destination of a file. */
interface BlobPaths {
  readonly url: string;
  /** The absolute path of the complete file. */
  readonly blob: string;
  /** The lock that huggingface_hub holds while it writes this blob. */
  readonly lock: string;
}

/** Content that differs from the hub's listing. None of it was kept. */
export class DamagedFile extends Error {
  override readonly name = "DamagedFile";
}

/** A connection that breaks after this many bytes does not count as a failure. */
const muchForOne = 8 << 20;

/** A connection broke. */
class BrokenConnection extends Error {}

/**
 * Downloads a file, continuing where an earlier attempt of this or another process, Refract or Python, stopped. The
 * received part is kept for the next attempt if the connection fails for good.
 *
 * @param file The hub's listing of the file.
 * @param paths The source and the destination.
 * @param access The timings.
 * @param fetchHub A `fetch` from `hubFetch`.
 * @param report Called with the number of bytes received so far.
 * @returns When the blob is in place. Throws a {@linkcode DamagedFile}, a DiskError, or the request's error.
 */
export async function downloadBlob(
  file: HubFile,
  paths: BlobPaths,
  access: HubAccess,
  fetchHub: typeof fetch,
  report: (bytes: number) => void,
): Promise<void> {
  using _lock = await holdLock(paths.lock, file.path, access);
  if (await isPresent(paths.blob)) return; // another process was faster
  const partial = `${paths.blob}.incomplete`;
  using sink = await openPartial(partial, file);
  const isOlder = sink.bytes > 0;
  try {
    await receive(sink, file, paths.url, access, fetchHub, report);
    if (!sink.isSound() && isOlder) {
      await sink.restart();
      await receive(sink, file, paths.url, access, fetchHub, report);
    }
    if (!sink.isSound()) throw new DamagedFile(`${file.path} arrived damaged, its digest is not ${file.digest}`);
  } catch (fault) {
    if (fault instanceof DamagedFile || sink.bytes === 0) await removeOwn(partial);
    throw fault;
  }
  await sink.publish(paths.blob);
}

/** Requests the missing part until the file is complete. */
async function receive(
  sink: PartialFile,
  file: HubFile,
  url: string,
  access: HubAccess,
  fetchHub: typeof fetch,
  report: (bytes: number) => void,
): Promise<void> {
  for (let failures = 0; sink.bytes < file.size;) {
    const before = sink.bytes;
    try {
      await receivePart(sink, file, url, access, fetchHub, report);
      if (sink.bytes < file.size) throw new BrokenConnection("the server ended it early");
    } catch (fault) {
      access.signal?.throwIfAborted();
      if (!(fault instanceof BrokenConnection)) throw fault;
      failures = sink.bytes - before >= muchForOne ? 1 : failures + 1;
      if (failures >= access.timings.attempts) {
        throw new Error(
          `${file.path} broke off at byte ${sink.bytes} of ${file.size}, ${failures} times in a row: ${fault.message}`,
        );
      }
      await pause(backoff(access, failures), access.signal);
    }
  }
}

/** Receives one response, starting at the first missing byte. */
async function receivePart(
  sink: PartialFile,
  file: HubFile,
  url: string,
  access: HubAccess,
  fetchHub: typeof fetch,
  report: (bytes: number) => void,
): Promise<void> {
  // In a compressed response the byte range would not apply to the file's bytes.
  const headers = { "accept-encoding": "identity", ...sink.bytes > 0 ? { range: `bytes=${sink.bytes}-` } : {} };
  const response = await fetchHub(url, { headers }).catch(async (fault: unknown) => {
    if (!(fault instanceof HubError && fault.status === 416)) throw fault;
    await sink.restart();
    throw new BrokenConnection("the server has no such range");
  });
  const from = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
  // A server that ignores the range sends the file from its start.
  if (response.status !== 206) await sink.restart();
  else if (Number(from) !== sink.bytes) {
    await response.body?.cancel();
    await sink.restart();
    throw new BrokenConnection("the server sent another range than it was asked for");
  }
  const chunks = pacedChunks(response, access.timings.patience);
  try {
    for (;;) {
      const { done, value: chunk } = await chunks.next().catch((fault: unknown) => {
        throw new BrokenConnection(fault instanceof SilentServer ? fault.message : "the connection broke");
      });
      if (done === true) return;
      if (sink.bytes + chunk.length > file.size) {
        throw new DamagedFile(`${file.path} arrived damaged, longer than the ${file.size} bytes that are listed`);
      }
      await sink.write(chunk);
      report(sink.bytes);
    }
  } finally {
    await chunks.return();
  }
}

/** An incomplete file, with the digest of the part received. */
class PartialFile implements Disposable {
  /** The number of bytes received. */
  bytes = 0;
  #hash: Hash;
  readonly #path: string;
  readonly #handle: SystemFile;
  readonly #file: HubFile;

  constructor(path: string, handle: SystemFile, file: HubFile) {
    this.#path = path;
    this.#handle = handle;
    this.#file = file;
    this.#hash = digestOf(file);
  }

  /** Continues from an earlier attempt's part, unless it is longer than the file. */
  async resume(): Promise<void> {
    const { size } = await this.#handle.stat();
    if (size > this.#file.size) return await this.restart();
    for await (const chunk of this.#read()) {
      this.#hash.update(chunk);
      this.bytes += chunk.length;
    }
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    const buffer = new Uint8Array(1 << 20);
    for (let count; (count = await this.#handle.read(buffer)) !== null;) yield buffer.subarray(0, count);
  }

  async restart(): Promise<void> {
    await orUnwritable(this.#path, async () => {
      await this.#handle.truncate(0);
      await this.#handle.seek(0, system.SeekMode.Start);
    });
    this.#hash = digestOf(this.#file);
    this.bytes = 0;
  }

  async write(chunk: Uint8Array): Promise<void> {
    await orUnwritable(this.#path, () => writeAll(this.#handle, chunk));
    this.#hash.update(chunk);
    this.bytes += chunk.length;
  }

  /** Whether the digest is the listed one. */
  isSound(): boolean {
    return this.#hash.copy().digest("hex") === this.#file.digest;
  }

  /** Moves the complete file to its place. */
  async publish(path: string): Promise<void> {
    await orUnwritable(path, () => publish(this.#handle, this.#path, path));
  }

  [Symbol.dispose](): void {
    this.#handle.close();
  }
}

async function openPartial(path: string, file: HubFile): Promise<PartialFile> {
  const handle = await orUnwritable(path, async () => {
    await system.mkdir(dirname(path), { recursive: true });
    return await system.open(path, { read: true, write: true, create: true });
  });
  const partial = new PartialFile(path, handle, file);
  await partial.resume();
  return partial;
}

/** The hash of a file: large files are listed by SHA-256, others by git's SHA-1 of a header and the content. */
function digestOf({ digest, size }: HubFile): Hash {
  return digest.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
}

/** Whether a file exists; a link whose blob is missing counts as absent. */
export async function isPresent(path: string): Promise<boolean> {
  return await system.stat(path).then(() => true, () => false);
}

/** Runs a function that writes to a path; if the system refuses, the error names the path. */
export async function orUnwritable<Result>(path: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (fault) {
    throw unwritable(path, fault);
  }
}
