/** A page in a headless Firefox, driven over WebDriver BiDi. {@link https://w3c.github.io/webdriver-bidi} @module */
import { type Page, untilTrue } from "./browser.ts";

/** Debian's path of Firefox. */
const firefox = "/usr/bin/firefox-esr";

/** Whether Firefox is installed. */
export function hasFirefox(): boolean {
  try {
    return Deno.statSync(firefox).isFile;
  } catch {
    return false;
  }
}

/** The calls that both browsers support. */
type DrivenPage = Pick<Page, "evaluate" | "until">;

/** Opens a page for a test. */
export async function inFirefox(url: string, test: (page: DrivenPage) => Promise<void>): Promise<void> {
  const profile = await Deno.makeTempDir({ prefix: "refract-firefox-" });
  const process = new Deno.Command(firefox, {
    args: ["--headless", "--no-remote", "--remote-debugging-port=0", "--profile", profile, "about:blank"],
    env: { HOME: profile, MOZ_CRASHREPORTER_DISABLE: "1" },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const said = readLines(process.stderr);
  try {
    const session = await Session.open(`${await said.address}/session`);
    const { contexts: [first] } = await session.call<Tree>("browsingContext.getTree", {});
    const context = first!.context;
    await session.call("browsingContext.navigate", { context, url, wait: "complete" });
    const evaluate = async <T>(expression: string): Promise<T> => {
      const { type, result, exceptionDetails } = await session.call<Evaluated>("script.evaluate", {
        expression,
        target: { context },
        awaitPromise: true,
      });
      if (type !== "success") throw new Error(exceptionDetails?.text ?? "the page failed");
      return plain(result!) as T;
    };
    await test({ evaluate, until: (expression, seconds) => untilTrue(evaluate, expression, seconds) });
    session.close();
  } finally {
    process.kill("SIGKILL");
    await process.status;
    await said.rest;
    await Deno.remove(profile, { recursive: true }).catch(() => {});
  }
}

interface Tree {
  readonly contexts: readonly { readonly context: string }[];
}

interface Evaluated {
  readonly type: "success" | "exception";
  readonly result?: Remote;
  readonly exceptionDetails?: { readonly text: string };
}

/** A value from the page, of the kinds that occur here. */
interface Remote {
  readonly type: string;
  readonly value?: string | number | boolean | readonly Remote[];
}

function plain({ type, value }: Remote): unknown {
  if (typeof value === "object") return value.map(plain);
  return type === "number" ? Number(value) : value;
}

/** Reads what Firefox writes, all of it, as it stops at a full pipe. */
function readLines(
  stderr: ReadableStream<Uint8Array>,
): { readonly address: Promise<string>; readonly rest: Promise<void> } {
  const { promise: address, resolve, reject } = Promise.withResolvers<string>();
  let text = "";
  const rest = (async () => {
    for await (const chunk of stderr.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const found = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    }
    reject(new Error(`Firefox did not start: ${text}`));
  })();
  return { address, rest };
}

class Session {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #next = 1;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const { id, type, result, error, message } = JSON.parse(data), waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (type === "error") waiting?.reject(new Error(`${error}: ${message}`));
      else waiting?.resolve(result);
    };
  }

  static async open(url: string): Promise<Session> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    const session = new Session(socket);
    await session.call("session.new", { capabilities: {} });
    return session;
  }

  call<Result>(method: string, params: unknown): Promise<Result> {
    const id = this.#next++, answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answer.promise as Promise<Result>;
  }

  close(): void {
    this.#socket.close();
  }
}
