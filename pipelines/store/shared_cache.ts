/**
 * A cache behind a store, shared by people and machines: Bazel's remote cache over HTTP, so that bazel-remote, or any
 * server that stores what is PUT, will do. `/ac/<SHA-256 of kind and key>` says which file an entry is, and
 * `/cas/<SHA-256>` is that file. A response is used only if it has that digest and is a valid entry of a store. A
 * failing cache only makes a run slower.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { EndlessAnswer, pacedChunks, SilentServer, wholeBody } from "../common/bounded_http.ts";
import { system, type SystemFile } from "../common/system.ts";
import { digestOf } from "../common/digest.ts";
import { faultText, writeAll } from "../common/files.ts";
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
    const response = await this.#ask("GET", resultPath(kind, key));
    if (response === undefined) return undefined;
    const bytes = await wholeBody(response, longestResult, this.#patience).catch((fault: unknown) => {
      throw fault instanceof EndlessAnswer ? new Error("its response for an entry's key is too long") : fault;
    });
    const found = decodeActionResult(bytes);
    if (found?.path === entryName(kind, key)) return found;
    throw new Error("its response for an entry's key does not name that entry");
  }

  async #download({ hash, bytes }: CachedFile, into: SystemFile): Promise<boolean> {
    const response = await this.#ask("GET", `cas/${hash}`);
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
      await this.#put(resultPath(kind, key), result, result.length);
    });
  }

  async #put(path: string, body: BodyInit, length: number): Promise<void> {
    const response = await this.#request("PUT", path, { body, headers: { "content-length": String(length) } });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`it answers PUT with status ${response.status}`);
  }

  /** The response to a request; `undefined` if the cache has nothing there. */
  async #ask(method: string, path: string): Promise<Response | undefined> {
    const response = await this.#request(method, path, {});
    if (response.ok) return response;
    await response.body?.cancel();
    if (response.status === 404 || response.status === 410) return undefined;
    throw new Error(`it answers with status ${response.status}`);
  }

  /** Gives up if nothing is transferred for too long before a response begins. */
  async #request(method: string, path: string, init: RequestInit): Promise<Response> {
    const { address, token, signal } = this.#access, patience = this.#patience;
    const headers = new Headers(init.headers), silence = new AbortController();
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    const said = () => setTimeout(() => silence.abort(new SilentServer(patience)), patience);
    let timer = said();
    const moved = () => {
      clearTimeout(timer);
      timer = said();
    };
    const body = init.body instanceof ReadableStream ? init.body.pipeThrough(watched(moved)) : init.body ?? null;
    try {
      const signals = [silence.signal, ...signal === undefined ? [] : [signal]];
      const request = { ...init, method, body, headers, redirect: "error", signal: AbortSignal.any(signals) } as const;
      return await fetch(`${address.replace(/\/+$/, "")}/${path}`, request);
    } finally {
      clearTimeout(timer);
    }
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
        warn(`the shared cache at ${host} fails (${faultText(fault)}); the run continues without it${rest}`);
      }
      return undefined;
    }
  }
}

const entryName = (kind: string, key: string) => `${kind}/${key}`;

const resultPath = (kind: string, key: string) => `ac/${digestOf(new TextEncoder().encode(entryName(kind, key)))}`;

/** Passes bytes on and reports progress. */
function watched(moved: () => void) {
  return new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      moved();
      controller.enqueue(chunk);
    },
  });
}
