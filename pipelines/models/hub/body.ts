/** The bodies of a hub's answers, held to a size and a pace: a server may send without end, or one byte at a time. @module */

/** The most that an answer which is no file may hold, in bytes after its decompression. */
const mostOfAnswer = 64e6;

/** The most of a refusal that is read to find its reason, in bytes. */
const mostOfRefusal = 64e3;

/** What has to arrive within a server's patience for it to be more than silence, in bytes. */
const leastProgress = 16e3;

/** An answer that is not a hub's, or one that would lead out of the cache. */
export class MalformedAnswer extends Error {
  override readonly name = "MalformedAnswer";

  /** @param problem What is wrong with it; the values in it may be of any length. */
  constructor(problem: string) {
    super(problem.length > 200 ? `${problem.slice(0, 200)}…` : problem);
  }
}

/** A server that gave no answer in time. */
export class SilentServer extends Error {
  override readonly name = "SilentServer";

  /** @param milliseconds How long it was waited for. */
  constructor(milliseconds: number) {
    super(`no answer within ${milliseconds / 1000} s`);
  }
}

/**
 * The chunks of a file's body.
 *
 * @param patience Milliseconds.
 * @returns Them in order. Throws a {@linkcode SilentServer} where less than {@linkcode leastProgress} arrives within the
 * patience, or what the connection throws where it breaks.
 */
export async function* pacedChunks(
  { body }: Response,
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
 * A `fetch` for answers that are no files: each is read whole, and refused where it is too large, or takes twice as long
 * as a server may take to begin.
 */
export function wholeAnswers(fetchHub: typeof fetch, patience: number): typeof fetch {
  return async (input, init) => {
    const response = await fetchHub(input, init), { status, statusText, headers } = response;
    if (response.body === null) return response;
    const bytes = await firstBytes(response, mostOfAnswer + 1, 2 * patience);
    if (bytes.length > mostOfAnswer) throw new MalformedAnswer(`an answer has more than ${mostOfAnswer / 1e6} MB`);
    return new Response(bytes, { status, statusText, headers });
  };
}

/** The text of a refusal, as much of it as a reason takes; empty if it does not come. */
export async function refusalBody(response: Response, patience: number): Promise<string> {
  return new TextDecoder().decode(await firstBytes(response, mostOfRefusal, patience).catch(() => undefined));
}

/** What a body begins with, at most so many bytes; all that is longer is not received. */
async function firstBytes({ body }: Response, most: number, patience: number): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [], deadline = performance.now() + patience;
  let length = 0;
  for await (const chunk of chunksBy(body, () => deadline, patience)) {
    parts.push(chunk.subarray(0, most - length));
    length += chunk.length;
    if (length >= most) break;
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** A body's chunks, each by the deadline that there is when it is waited for. */
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
