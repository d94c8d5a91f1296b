/**
 * Uploads that state their length, which many servers require: to know whether there is room, or because their storage
 * needs it. The platform's fetch states it only for content in memory.
 *
 * @module
 */
import { once } from "node:events";
import { Agent as PlainAgent, request as requestPlainly } from "node:http";
import { Agent as SecureAgent, request as requestSecurely } from "node:https";
import { SilentServer } from "./bounded_http.ts";
import { type Proxies, readProxies } from "./proxies.ts";
import { system } from "./system.ts";

/** What is uploaded, and how. */
export interface SizedUpload {
  /** The content. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** The number of its bytes. */
  readonly length: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds in which more of it must be taken, or a response must begin. */
  readonly patience: number;
  readonly signal?: AbortSignal | undefined;
  /** If omitted, those of the environment, as far as it may be read. */
  readonly proxies?: Proxies;
}

/**
 * PUTs content. Redirects are not followed.
 *
 * @returns The status of the response. Throws a {@linkcode SilentServer}, the signal's reason, or the fault of the
 * connection.
 */
export async function putSized(
  address: string,
  { body, length, headers, patience, signal, proxies = readProxies(readIfAllowed) }: SizedUpload,
): Promise<number> {
  const url = new URL(address), isSecure = url.protocol === "https:";
  const request = isSecure ? requestSecurely : requestPlainly, options = { keepAlive: false, proxyEnv: proxies };
  const agent = isSecure ? new SecureAgent(options) : new PlainAgent(options);
  const all = { ...headers, "content-length": String(length) };
  const sending = request(url, { method: "PUT", headers: all, agent });
  const { promise: status, resolve, reject } = Promise.withResolvers<number>();
  const over = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => reject(new SilentServer(patience)), patience);
  };
  const stop = () => reject(signal?.reason);
  sending.on("response", ({ statusCode = 0 }) => resolve(statusCode));
  sending.on("error", reject);
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop);
  wait();
  const send = async () => {
    for await (const chunk of body) {
      if (!sending.write(chunk)) await once(sending, "drain", { signal: over.signal });
      wait();
    }
    sending.end();
  };
  try {
    // A server may refuse before it has everything.
    await Promise.race([status, send()]);
    return await status;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
    over.abort();
    sending.destroy();
    agent.destroy();
  }
}

/** A variable of the environment; undefined if this program may not read it. */
function readIfAllowed(name: string): string | undefined {
  try {
    return system.env.get(name);
  } catch (fault) {
    if (fault instanceof system.errors.NotCapable) return undefined;
    throw fault;
  }
}
