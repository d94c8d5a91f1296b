/**
 * A cache behind a store, shared by people and machines: Bazel's remote cache over HTTP, so that bazel-remote, or any
 * server that stores what is PUT, will do. `/ac/<SHA-256 of kind and key>` says which file an entry is, and
 * `/cas/<SHA-256>` is that file. A response is used only if it has that digest and is a valid entry of a store. A
 * failing cache only makes a run slower.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { answerInTime, EndlessAnswer, pacedChunks, rootCause, wholeBody } from "../common/bounded_http.ts";
import { system, type SystemFile } from "../common/system.ts";
import { digestOf } from "../common/digest.ts";
import { faultText, writeAll } from "../common/files.ts";
import { putSized } from "../common/sized_upload.ts";
import { formatSize } from "../common/size.ts";
import { type CachedFile, decodeActionResult, encodeActionResult } from "./action_result.ts";

/** What is worth sharing; unfinished work is of no use to others. */
const sharedKinds: ReadonlySet<string> = new Set([
  "encode",
  "train",
  "predictions",
  "activations",
  "quantize",
  "reference",
]);

/** How to reach a cache. */
export interface CacheAccess {
  /** `https://host/path`, to which `/ac/…` and `/cas/…` are appended. */
  readonly address: string;
  /** Sent as a bearer token, only to this address. */
  readonly token?: string | undefined;
  /** Receives notes for the user. */
  readonly warn: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** How long a server may be silent, in milliseconds. */
  readonly patience?: number;
}

const usualPatience = 20_000;

/** After this many consecutive failures the cache is no longer used. */
const mostFailures = 3;

/** An ActionResult that names one file is far shorter. */
const longestResult = 1 << 16;

/** A shared cache. None of its functions throws: a failure is reported once. */
export class SharedCache {
  readonly #access: CacheAccess;
  #failures = 0;
  #sending: Promise<void> = Promise.resolve();

  constructor(access: CacheAccess) {
    this.#access = access;
  }

  /**
   * Writes the file of an entry, if the cache has it.
   *
   * @param into An empty file, which may hold part of the response if it is invalid.
   * @param most The number of bytes that there is room for.
   * @returns Whether the file holds what the cache says it does.
   */
  async fetch(kind: string, key: string, into: SystemFile, most: number): Promise<boolean> {
    if (!this.#serves(kind)) return false;
    return await this.#tolerantly(async () => {
      const found = await this.#find(kind, key);
      if (found === undefined) return false;
      if (found.bytes > most) throw new Error(`an entry of ${formatSize(found.bytes)} is more than there is room for`);
      return await this.#download(found, into);
    }) ?? false;
  }

  /** Sends an entry that this process has computed, after those before it. */
  send(kind: string, key: string, path: string): void {
    if (this.#serves(kind)) this.#sending = this.#sending.then(() => this.#send(kind, key, path));
  }

  /** Waits until everything has been sent. */
  async settled(): Promise<void> {
    await this.#sending;
  }

  get #patience(): number {
    return this.#access.patience ?? usualPatience;
  }

  #serves(kind: string): boolean {
    return sharedKinds.has(kind) && this.#failures < mostFailures;
  }

  async #find(kind: string, key: string): Promise<CachedFile | undefined> {
    const response = await this.#ask(resultPath(kind, key));
    if (response === undefined) return undefined;
    const bytes = await wholeBody(response, longestResult, this.#patience).catch((fault: unknown) => {
      throw fault instanceof EndlessAnswer ? new Error("its response for an entry's key is too long") : fault;
    });
    const found = decodeActionResult(bytes);
    if (found?.path === entryName(kind, key)) return found;
    throw new Error("its response for an entry's key does not name that entry");
  }

  async #download({ hash, bytes }: CachedFile, into: SystemFile): Promise<boolean> {
    const response = await this.#ask(`cas/${hash}`);
    if (response === undefined) return false;
    const digest = createHash("sha256");
    let received = 0;
    for await (const chunk of pacedChunks(response, this.#patience)) {
      received += chunk.length;
      if (received > bytes) break;
      digest.update(chunk);
      await writeAll(into, chunk);
    }
    if (received === bytes && digest.digest("hex") === hash) return true;
    throw new Error("it sent different bytes than requested");
  }

  async #send(kind: string, key: string, path: string): Promise<void> {
    await this.#tolerantly(async () => {
      const hash = createHash("sha256"), { size } = await system.stat(path);
      for await (const chunk of (await system.open(path)).readable) hash.update(chunk);
      const file = { path: entryName(kind, key), hash: hash.digest("hex"), bytes: size };
      await this.#put(`cas/${file.hash}`, (await system.open(path)).readable, size);
      const result = encodeActionResult(file);
      await this.#put(resultPath(kind, key), new Blob([result]).stream(), result.length);
    });
  }

  async #put(path: string, body: ReadableStream<Uint8Array<ArrayBuffer>>, length: number): Promise<void> {
    const { signal } = this.#access, patience = this.#patience, headers = this.#headers;
    const status = await putSized(this.#urlOf(path), { body, length, headers, patience, signal });
    if (status < 200 || status > 299) throw new Error(`it answers PUT with status ${status}`);
  }

  /** The response to a GET; `undefined` if the cache has nothing there. */
  async #ask(path: string): Promise<Response | undefined> {
    const { signal } = this.#access, init = { headers: this.#headers, redirect: "error" } as const;
    const response = await answerInTime(this.#urlOf(path), init, { patience: this.#patience, signal });
    if (response.ok) return response;
    await response.body?.cancel();
    if (response.status === 404 || response.status === 410) return undefined;
    throw new Error(`it answers with status ${response.status}`);
  }

  get #headers(): Readonly<Record<string, string>> {
    const { token } = this.#access;
    return token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  #urlOf(path: string): string {
    return `${this.#access.address.replace(/\/+$/, "")}/${path}`;
  }

  /** Does something with the cache; a failure is reported the first time, and when it is the last one tolerated. */
  async #tolerantly<T>(part: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await part();
      this.#failures = 0;
      return result;
    } catch (fault) {
      const { address, warn, signal } = this.#access;
      if (signal?.aborted) return undefined;
      this.#failures++;
      const { host } = new URL(address), rest = this.#failures === mostFailures ? "; it is not used again" : "";
      if (this.#failures === 1 || rest !== "") {
        warn(`the shared cache at ${host} fails (${reasonOf(fault)}); the run continues without it${rest}`);
      }
      return undefined;
    }
  }
}

/** Why a request failed, without its address. */
function reasonOf(fault: unknown): string {
  return faultText(rootCause(fault)).replace(/^error sending request for url \(\S+\): /, "");
}

const entryName = (kind: string, key: string) => `${kind}/${key}`;

const resultPath = (kind: string, key: string) => `ac/${digestOf(new TextEncoder().encode(entryName(kind, key)))}`;
