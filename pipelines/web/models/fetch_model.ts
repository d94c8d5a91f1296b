/**
 * Downloads a model folder from a URL in chunks: what has arrived is kept, and the next visit requests the rest.
 *
 * @module
 */
import { storeFolder } from "../../cli/requests/caller_paths.ts";
import { digestOf } from "../../common/digest.ts";
import { publish } from "../../common/durable.ts";
import { RequestError } from "../../common/errors.ts";
import { faultText, parseJsonObject, writeAtomically } from "../../common/files.ts";
import { freeSpace } from "../../common/free_space.ts";
import { formatSize } from "../../common/size.ts";
import { system } from "../../common/system.ts";
import { descriptionFiles, tokenizerFile, weightFiles } from "../../models/hub/files.ts";
import { beyondAddresses, mostWeights } from "../../runtime/external_files.ts";
import { readHeader } from "../../models/weights/safetensors.ts";
import { digestCacheOf, rememberDigest } from "../../models/weights/weights_digest.ts";
import { type ArrivingFile, arrivingFile } from "./arriving_file.ts";
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
  const get = (name: string, isNeeded: boolean, listed?: ModelFile) => {
    return fetchFile(new URL(name, address), `${folder}/${name}`, { isNeeded, listed }, signal);
  };
  if (await get(listName, false)) {
    const { files }: { files: readonly ModelFile[] } = JSON.parse(await system.readTextFile(`${folder}/${listName}`));
    requireAddresses(files.filter(({ name }) => isWeights(name)).reduce((sum, { size }) => sum + size, 0));
    for (const file of files) await get(file.name, true, file);
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
  readonly listed: ModelFile | undefined;
}

/** Whether a file is there; it is fetched if it is not. */
async function fetchFile(url: URL, path: string, { isNeeded, listed }: Wanted, signal: AbortSignal): Promise<boolean> {
  if (await exists(path)) return true;
  const absent = `${path}.absent`;
  if (!isNeeded && await exists(absent)) return false;
  const partial = `${path}.incomplete`, name = url.pathname.split("/").at(-1) ?? "";
  using file = await system.open(partial, { read: true, write: true, create: true });
  const arriving = await arrivingFile(file, listed);
  if (listed === undefined || arriving.bytes < listed.size) {
    const response = await requestRest(url, arriving, signal), isPage = isWebPage(response);
    if ((response.status === 404 || isPage) && !isNeeded) {
      await response.body?.cancel();
      await system.remove(partial);
      await writeAtomically(absent, []);
      return false;
    }
    if (isPage) {
      await response.body?.cancel();
      throw new RequestError(`${url} is a web page; give the address of the folder with the model's files`);
    }
    if (!response.ok) {
      throw new RequestError(`${url} can't be fetched (${response.status}); check the address of the model's folder`);
    }
    await receive(arriving, response, name, signal);
  }
  const sha256 = await arriving.finish();
  await publish(file, partial, path);
  if (name.endsWith(".json")) await requireJson(path, url);
  // It was read as a whole just now, and need not be again for its digest.
  if (isWeights(name)) {
    await requireWhole(path);
    await rememberDigest(path, sha256, digestCacheOf(storeFolder(undefined)));
  }
  return true;
}

/** Asks for what is missing; for all where the server gives no parts, or has no more than is here. */
async function requestRest(url: URL, arriving: ArrivingFile, signal: AbortSignal): Promise<Response> {
  const response = await request(url, arriving.bytes, signal), { status, headers } = response;
  const from = Number(/^bytes (\d+)-/.exec(headers.get("content-range") ?? "")?.[1] ?? arriving.bytes);
  if (status === 206 && from === arriving.bytes) return response;
  await arriving.restart();
  if (status !== 206 && status !== 416) return response;
  await response.body?.cancel();
  return await request(url, 0, signal);
}

/** Takes one answer. */
async function receive(arriving: ArrivingFile, response: Response, name: string, signal: AbortSignal): Promise<void> {
  // A length counts what is sent, which is shorter where it is compressed.
  const isPlain = response.headers.get("content-encoding") === null;
  const length = isPlain ? Number(response.headers.get("content-length") ?? NaN) : NaN, total = arriving.bytes + length;
  if (isWeights(name)) requireAddresses(total);
  requireRoom(length, name);
  let arrived = arriving.bytes;
  const brokeOff = (why: string) => {
    return new RequestError(`${name} broke off at ${formatSize(arrived)} ${why}; try again, it goes on from there`);
  };
  const reader = response.body?.getReader();
  try {
    while (reader !== undefined) {
      signal.throwIfAborted();
      const { done, value: chunk } = await reader.read().catch((fault) => {
        signal.throwIfAborted();
        throw brokeOff(`(${faultText(fault)})`);
      });
      if (done) break;
      await keep(arriving, chunk, name);
      report(arrived += chunk.length, Number.isNaN(total) ? arrived : total, name);
    }
  } finally {
    await reader?.cancel().catch(() => {});
  }
  if (!Number.isNaN(total) && arrived !== total) throw brokeOff(`of ${formatSize(total)}`);
}

/** Writes what arrived. A browser may have promised more room than it has. */
async function keep(arriving: ArrivingFile, chunk: Uint8Array, name: string): Promise<void> {
  try {
    await arriving.write(chunk);
  } catch (fault) {
    if (fault instanceof RequestError) throw fault;
    throw new RequestError(
      `${name} can't be kept beyond ${formatSize(arriving.bytes)} (${faultText(fault)}); choose a smaller model, or ` +
        "free some space",
    );
  }
}

/** Whether a server answers with a page where a file should be, as those of single-page applications do. */
function isWebPage({ ok, headers }: Response): boolean {
  return ok && /^text\/html\b/i.test(headers.get("content-type") ?? "");
}

/** What is not JSON is fetched again. */
async function requireJson(path: string, url: URL): Promise<void> {
  try {
    parseJsonObject(await system.readFile(path), url.href, "check the address of the model's folder");
  } catch (fault) {
    await system.remove(path);
    throw fault;
  }
}

/** What does not hold together is fetched again. */
async function requireWhole(path: string): Promise<void> {
  try {
    await readHeader(path);
  } catch (fault) {
    await system.remove(path);
    throw fault;
  }
}

const isWeights = (name: string) => name.endsWith(".safetensors");

/** Refuses weights that no program could read, before they are fetched. */
function requireAddresses(bytes: number): void {
  if (bytes > mostWeights) throw new RequestError(`the model ${beyondAddresses(bytes)}`);
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
    // A browser does not reveal to a page why it may not read another host's response.
    const remedy = url.origin === new URL(import.meta.url).origin
      ? "check the connection"
      : `check the address, the connection, and that ${url.host} sends Access-Control-Allow-Origin`;
    throw new RequestError(`${url} can't be fetched (${faultText(fault)}); ${remedy}, or choose a model that is here`);
  }
}

function exists(path: string): Promise<boolean> {
  return system.stat(path).then(() => true, () => false);
}
