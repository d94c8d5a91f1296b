/**
 * Extracts libraries from published wheels, without Python: a wheel is a zip file. It is unpacked while it arrives, and
 * the unpacked files get their names only if the whole wheel has the expected digest.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { Unzip, UnzipInflate, UnzipPassThrough } from "fflate";
import { answerInTime, pacedChunks, wholeBody } from "../common/bounded_http.ts";
import { publishSync } from "../common/durable.ts";
import { RunError } from "../common/errors.ts";
import { faultText, isJsonObject, temporaryName, unwritable } from "../common/files.ts";
import { removeOwnSync } from "../common/leavings.ts";
import { nameOf, type Wheel } from "./wheels.ts";

/** The default package index. */
const usualIndex = "https://pypi.org/simple/";

/** The maximum number of bytes read from a page of the index, and the milliseconds that a server may be silent. */
const longestPage = 64e6, patience = 30_000;

/** How wheels are downloaded. */
interface WheelSource {
  /** The URL of a package index, as in PEP 503. */
  readonly index?: string | undefined;
  /** Receives how many bytes of the total have arrived. */
  readonly progress: (done: number, total: number) => void;
}

/** The libraries of a wheel that a folder lacks. */
export function missingOf({ libraries }: Wheel, folder: string): readonly string[] {
  return libraries.map(nameOf).filter((name) => {
    try {
      return !Deno.statSync(join(folder, name)).isFile;
    } catch {
      return true;
    }
  });
}

/**
 * Puts the libraries of a wheel into a folder.
 *
 * @throws {RunError} If the index does not have this wheel, or sends something else; the folder is then unchanged.
 */
export async function installWheel(wheel: Wheel, folder: string, source: WheelSource): Promise<void> {
  const address = await addressOf(wheel, source.index ?? usualIndex);
  const response = await fetchOk(address), hash = createHash("sha256"), written = new Map<string, Unpacked>();
  const unzip = new Unzip((entry) => {
    if (!wheel.libraries.includes(entry.name)) return;
    const file = new Unpacked(join(folder, nameOf(entry.name)));
    written.set(entry.name, file);
    entry.ondata = (fault, chunk) => file.take(fault, chunk);
    entry.start();
  });
  unzip.register(UnzipInflate);
  unzip.register(UnzipPassThrough);
  try {
    let arrived = 0;
    for await (const chunk of paced(response, address)) {
      arrived += chunk.length;
      if (arrived > wheel.size) break;
      hash.update(chunk);
      unzip.push(chunk);
      source.progress(arrived, wheel.size);
    }
    if (arrived !== wheel.size || hash.digest("hex") !== wheel.sha256) {
      throw new RunError(`${address} is not the published file; try again, or use another index`);
    }
    const absent = wheel.libraries.filter((name) => !written.has(name));
    if (absent.length > 0) throw new RunError(`${wheel.file} lacks ${absent.join(", ")}`);
    for (const file of written.values()) file.publish();
  } finally {
    for (const file of written.values()) file[Symbol.dispose]();
  }
}

/** A library being written to disk. */
class Unpacked implements Disposable {
  readonly #temporary: string;
  readonly #path: string;
  readonly #file: Deno.FsFile;
  #isPublished = false;

  constructor(path: string) {
    this.#path = path;
    this.#temporary = temporaryName(path);
    try {
      this.#file = Deno.openSync(this.#temporary, { write: true, createNew: true });
    } catch (fault) {
      throw unwritable(path, fault);
    }
  }

  take(fault: Error | null, chunk: Uint8Array): void {
    if (fault !== null) throw new RunError(`${this.#path}: can't be unpacked (${fault.message}); try again`);
    try {
      for (let at = 0; at < chunk.length;) at += this.#file.writeSync(chunk.subarray(at));
    } catch (error) {
      throw unwritable(this.#path, error);
    }
  }

  publish(): void {
    publishSync(this.#file, this.#temporary, this.#path);
    this.#isPublished = true;
  }

  [Symbol.dispose](): void {
    this.#file.close();
    if (this.#isPublished) return;
    removeOwnSync(this.#temporary);
  }
}

/** The URL of the wheel in the index. */
async function addressOf({ project, file, sha256 }: Wheel, index: string): Promise<string> {
  const page = new URL(`${project}/`, index.endsWith("/") ? index : `${index}/`);
  const response = await fetchOk(page.href, { accept: "application/vnd.pypi.simple.v1+json" });
  const listed = await wholeBody(response, longestPage, patience).then(jsonOf, () => undefined);
  const files: unknown = isJsonObject(listed) ? listed["files"] : undefined;
  if (!Array.isArray(files)) {
    throw new RunError(`${page.href} is not a package index that answers in JSON (PEP 691); give another with --index`);
  }
  const found = files.find((each) => isJsonObject(each) && each["filename"] === file);
  const url: unknown = isJsonObject(found) ? found["url"] : undefined;
  if (typeof url !== "string") throw new RunError(`${page.href} has no ${file} (sha256 ${sha256.slice(0, 12)}…)`);
  return new URL(url, page).href;
}

/** The chunks of a wheel. */
async function* paced(response: Response, address: string): AsyncGenerator<Uint8Array> {
  try {
    yield* pacedChunks(response, patience);
  } catch (fault) {
    throw new RunError(`${address} broke off (${faultText(fault)}); try again`);
  }
}

function jsonOf(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}

async function fetchOk(address: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const response = await answerInTime(address, { headers }, { patience }).catch((fault: unknown) => {
    throw new RunError(`${address} can't be reached (${faultText(fault)})`);
  });
  if (response.ok) return response;
  await response.body?.cancel();
  throw new RunError(`${address} answers with status ${response.status}`);
}
