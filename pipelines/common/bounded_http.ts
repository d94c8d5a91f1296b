/**
 * Requests whose responses are limited in size and must keep a minimum pace: a server may send without end, one byte at
 * a time, or nothing. Every client of a server uses this.
 *
 * @module
 */

/** How many bytes must arrive within a server's patience to count as progress. */
const leastProgress = 16e3;

/** A server that did not respond in time. */
export class SilentServer extends Error {
  override readonly name = "SilentServer";

  /** @param milliseconds How long it was waited for. */
  constructor(milliseconds: number) {
    super(`no answer within ${milliseconds / 1000} s`);
  }
}

/** A response that is longer than allowed. */
export class EndlessAnswer extends Error {
  override readonly name = "EndlessAnswer";

  /** @param most The maximum number of bytes. */
  constructor(most: number) {
    super(`an answer has more than ${most < 1e6 ? `${most / 1e3} kB` : `${most / 1e6} MB`}`);
  }
}

/** A failed fetch's innermost cause, which says why it failed. */
export function rootCause(fault: unknown): unknown {
  return fault instanceof Error && fault.cause instanceof Error ? rootCause(fault.cause) : fault;
}

/** How long to wait for a server. */
interface Waiting {
  /** Milliseconds until a response must begin, or more of it must arrive. */
  readonly patience: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The platform's fetch, cancelled if no response begins in time; the response itself may take as long as it needs.
 *
 * @returns The response. Throws a {@linkcode SilentServer}, the signal's reason, or what `fetch` throws.
 */
export async function answerInTime(
  url: string | URL,
  init: RequestInit,
  { patience, signal }: Waiting,
): Promise<Response> {
  const silence = new AbortController();
  // The response to an upload begins when all of it has arrived.
  const timer = init.body instanceof Blob
    ? undefined
    : setTimeout(() => silence.abort(new SilentServer(patience)), patience);
  try {
    const signals = [silence.signal, signal, init.signal].filter((each) => each instanceof AbortSignal);
    return await fetch(url, { ...init, signal: AbortSignal.any(signals) });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The chunks of a file's body.
 *
 * @param patience Milliseconds.
 * @returns The chunks in order. Throws a {@linkcode SilentServer} if less than {@linkcode leastProgress} arrives within
 * the patience, or what the connection throws if it breaks.
 */
export async function* pacedChunks(
  { body }: Pick<Response, "body">,
  patience: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  let since = performance.now(), arrived = 0;
  yield* chunksBy(body, () => since + patience, patience, (count) => {
    arrived += count;
    if (arrived < leastProgress) return;
    since = performance.now();
    arrived = 0;
  });
}

/**
 * A whole body.
 *
 * @param most The maximum number of bytes.
 * @param patience Milliseconds until all of it must be there.
 * @returns Its bytes. Throws an {@linkcode EndlessAnswer} or a {@linkcode SilentServer}.
 */
export async function wholeBody(
  response: Pick<Response, "body">,
  most: number,
  patience: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await firstBytes(response, most + 1, patience);
  if (bytes.length > most) throw new EndlessAnswer(most);
  return bytes;
}

/** The beginning of a body, up to a number of bytes; the rest is not received. Waits as {@linkcode wholeBody}. */
export async function firstBytes(
  { body }: Pick<Response, "body">,
  most: number,
  patience: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [], deadline = performance.now() + patience;
  let length = 0;
  for await (const chunk of chunksBy(body, () => deadline, patience)) {
    parts.push(chunk.subarray(0, most - length));
    length += chunk.length;
    if (length >= most) break;
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** A body's chunks, each with the deadline that applies when it is awaited. */
async function* chunksBy(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  deadline: () => number,
  patience: number,
  arrived: (count: number) => void = () => {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { promise: silence, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => reject(new SilentServer(patience)), Math.max(0, deadline() - performance.now()));
      const { done, value } = await Promise.race([reader.read(), silence]).finally(() => clearTimeout(timer));
      if (done) return;
      arrived(value.length);
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
