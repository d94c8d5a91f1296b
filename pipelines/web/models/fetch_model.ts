/**
 * Downloads a model folder from a URL in chunks: what has arrived is kept, and the next visit requests the rest.
 *
 * @module
 */
import { storeFolder } from "../../cli/requests/caller_paths.ts";
import { digestOf } from "../../common/digest.ts";
import { digestInThread } from "../../common/digest_thread.ts";
import { publish } from "../../common/durable.ts";
import { RequestError } from "../../common/errors.ts";
import { faultText, writeAll, writeAtomically } from "../../common/files.ts";
import { freeSpace } from "../../common/free_space.ts";
import { formatSize } from "../../common/size.ts";
import { system } from "../../common/system.ts";
import { descriptionFiles, tokenizerFile, weightFiles } from "../../models/hub/files.ts";
import { readHeader } from "../../models/weights/safetensors.ts";
import { digestCacheOf, rememberDigest } from "../../models/weights/weights_digest.ts";
import { listName, type ModelFile } from "./file_list.ts";

/** Files that a model must have. */
const needed: readonly string[] = ["config.json", tokenizerFile];

let report: (done: number, total: number, file: string) => void = () => {};

/** Shows downloads. */
export function showDownloads(show: typeof report): void {
  report = show;
}

/**
 * The folder with a model's files; existing ones are not requested.
 *
 * @throws {RequestError} If one cannot be downloaded.
 */
export async function fetchModel(address: URL, signal: AbortSignal): Promise<string> {
  const folder = `${system.cwd()}/models/${digestOf(new TextEncoder().encode(address.href)).slice(0, 16)}`;
  await system.mkdir(folder, { recursive: true });
  const get = (name: string, isNeeded: boolean, sha256?: string) => {
    return fetchFile(new URL(name, address), `${folder}/${name}`, { isNeeded, sha256 }, signal);
  };
  if (await get(listName, false)) {
    const { files }: { files: readonly ModelFile[] } = JSON.parse(await system.readTextFile(`${folder}/${listName}`));
    for (const { name, sha256 } of files) await get(name, true, sha256);
    return folder;
  }
  for (const name of needed) await get(name, true);
  for (const name of descriptionFiles) if (!needed.includes(name)) await get(name, false);
  const { index, single } = weightFiles, isSharded = await get(index, false);
  const shards = isSharded ? shardsOf(await system.readTextFile(`${folder}/${index}`)) : [single];
  for (const shard of shards) await get(shard, true);
  return folder;
}

function shardsOf(index: string): readonly string[] {
  const { weight_map: map = {} }: { weight_map?: Record<string, string> } = JSON.parse(index);
  return [...new Set(Object.values(map))];
}

/** What is known about a file before it is downloaded. */
interface Wanted {
  readonly isNeeded: boolean;
  readonly sha256: string | undefined;
}

/** Whether a file exists; it is downloaded if it does not. */
async function fetchFile(url: URL, path: string, { isNeeded, sha256 }: Wanted, signal: AbortSignal): Promise<boolean> {
  if (await exists(path)) return true;
  const absent = `${path}.absent`;
  if (!isNeeded && await exists(absent)) return false;
  const partial = `${path}.incomplete`;
  using file = await system.open(partial, { read: true, write: true, create: true });
  const begun = (await file.stat()).size, name = url.pathname.split("/").at(-1) ?? "";
  const response = await request(url, begun, signal);
  if (response.status === 404 && !isNeeded) {
    await system.remove(partial);
    await writeAtomically(absent, []);
    return false;
  }
  if (!response.ok) {
    throw new RequestError(`${url} can't be fetched (${response.status}); check the URL of the model folder`);
  }
  const from = response.status === 206 ? begun : 0;
  await file.truncate(from);
  await file.seek(from, system.SeekMode.Start);
  // The content length counts what is sent, which is shorter if it is compressed.
  const isPlain = response.headers.get("content-encoding") === null;
  const length = isPlain ? Number(response.headers.get("content-length") ?? NaN) : NaN, total = from + length;
  requireRoom(length, name);
  let done = from;
  try {
    for await (const chunk of response.body ?? []) {
      signal.throwIfAborted();
      await writeAll(file, chunk);
      report(done += chunk.length, Number.isNaN(total) ? done : total, name);
    }
  } catch (fault) {
    signal.throwIfAborted();
    throw new RequestError(
      `${name} broke off at ${formatSize(done)} (${faultText(fault)}); try again, and it resumes from there`,
    );
  }
  if (!Number.isNaN(total) && done !== total) {
    throw new RequestError(
      `${name} broke off at ${formatSize(done)} of ${formatSize(total)}; try again, and it resumes from there`,
    );
  }
  if (sha256 !== undefined && await digestInThread({ path: partial, start: 0 }, signal) !== sha256) {
    await system.remove(partial);
    throw new RequestError(`${name} arrived damaged; try again, and it is downloaded again`);
  }
  await publish(file, partial, path);
  // It was just read completely, and need not be read again for its digest.
  if (sha256 !== undefined) await rememberDigest(path, sha256, digestCacheOf(storeFolder(undefined)));
  if (name.endsWith(".safetensors")) await requireWhole(path);
  return true;
}

/** A file that is inconsistent is downloaded again. */
async function requireWhole(path: string): Promise<void> {
  try {
    await readHeader(path);
  } catch (fault) {
    await system.remove(path);
    throw fault;
  }
}

function requireRoom(bytes: number, name: string): void {
  const free = freeSpace("/");
  if (free === undefined || Number.isNaN(bytes) || bytes <= free) return;
  throw new RequestError(
    `${name} takes ${formatSize(bytes)}, but the browser gives this site ${
      formatSize(free)
    }; choose a smaller model, or free some space`,
  );
}

async function request(url: URL, from: number, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { signal, ...from > 0 ? { headers: { range: `bytes=${from}-` } } : {} });
  } catch (fault) {
    signal.throwIfAborted();
    throw new RequestError(
      `${url} can't be fetched (${faultText(fault)}); check the connection, or choose a model that is here`,
    );
  }
}

function exists(path: string): Promise<boolean> {
  return system.stat(path).then(() => true, () => false);
}
