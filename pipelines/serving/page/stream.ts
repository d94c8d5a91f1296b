/** Answers as the server sends them, event by event. @module */

/** A request that the server refused. */
export class Refused extends Error {
  override readonly name = "Refused";
  /** The HTTP status; 200 if it broke off during the response, 0 if there was none. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** How fast an answer was generated. */
interface Rate {
  readonly tokens: number;
  /** From the first token to the last; 0 for a single token. */
  readonly seconds: number;
}

/** One event, as far as the page reads it. */
interface StreamEvent {
  readonly choices?: readonly { readonly text?: string; readonly delta?: { readonly content?: string } }[];
  readonly usage?: { readonly completion_tokens: number } | null;
  readonly error?: { readonly message: string };
}

/** What a connection's failure means to a visitor; browsers only say that it failed. */
async function connected<Value>(signal: AbortSignal | null | undefined, reached: Promise<Value>): Promise<Value> {
  try {
    return await reached;
  } catch (error) {
    if (signal?.aborted || !(error instanceof TypeError)) throw error;
    throw new Refused(0, "the server cannot be reached; check that it is running, then try again");
  }
}

/**
 * Sends a request to the server.
 *
 * @throws {Refused} If it is refused, or there is no server.
 */
export async function ask(path: string, key: string, init: RequestInit = {}): Promise<Response> {
  const headers = { "content-type": "application/json", ...key === "" ? {} : { authorization: `Bearer ${key}` } };
  const response = await connected(init.signal, fetch(path, { ...init, headers }));
  if (response.ok) return response;
  const said = await response.json().catch(() => undefined);
  throw new Refused(response.status, said?.error?.message ?? `the server answered ${response.status}`);
}

/**
 * Reads an answer while it is being generated.
 *
 * @param signal That of the request.
 * @param onText Receives each part of the text.
 * @throws {Refused} If an error ends it, or it ends before it is complete.
 */
export async function readAnswer(
  response: Response,
  signal: AbortSignal,
  onText: (text: string) => void,
): Promise<Rate> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const read = () => connected(signal, reader.read());
  let rest = "", first = 0, last = 0, tokens = 0, isWhole = false;
  for (let part = await read(); !part.done; part = await read()) {
    const events = (rest + part.value).split("\n\n");
    rest = events.pop()!;
    for (const event of events) {
      const text = event.slice("data: ".length);
      if (text === "[DONE]") {
        isWhole = true;
        continue;
      }
      const { choices: [choice] = [], usage, error }: StreamEvent = JSON.parse(text);
      if (error !== undefined) throw new Refused(response.status, error.message);
      tokens = usage?.completion_tokens ?? tokens;
      const written = choice?.delta?.content ?? choice?.text ?? "";
      if (written === "") continue;
      last = performance.now();
      if (first === 0) first = last;
      onText(written);
    }
  }
  if (!isWhole) throw new Refused(response.status, "the server broke off this answer; try again");
  return { tokens, seconds: (last - first) / 1000 };
}

/** A rate as text. */
export function rateText({ tokens, seconds }: Rate): string {
  const counted = `${tokens} token${tokens === 1 ? "" : "s"}`;
  return tokens > 1 && seconds > 0 ? `${counted}, ${((tokens - 1) / seconds).toFixed(1)} tokens/s` : counted;
}
