/** Asking a model at an OpenAI-compatible endpoint, which may fail, stall or return nonsense. @module */
import { answerInTime, EndlessAnswer, SilentServer, wholeBody } from "../../common/bounded_http.ts";
import { system } from "../../common/system.ts";
import { isJsonObject, type JsonObject } from "../../common/files.ts";
import { RequestError, RunError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";

/** An endpoint with its model and key. */
export interface Endpoint {
  /** The URL, for example `https://api.openai.com/v1`. */
  readonly address: string;
  readonly model: string;
  /** The key for the Authorization header; none is sent if omitted. */
  readonly key?: string;
  /** The environment variable that the key is from. */
  readonly variable?: string;
}

/** An endpoint as declared: `key` is the name of the environment variable with the key. */
interface DeclaredEndpoint {
  readonly endpoint: string;
  readonly model: string;
  readonly key?: string | undefined;
}

/** The names of the settings in messages, and an example of how to name a variable. */
interface EndpointWords {
  readonly endpoint: string;
  readonly key: string;
  readonly example: string;
}

/**
 * The URL of an endpoint, and whether it is on this machine.
 *
 * @throws {RequestError} If it is not a URL, would be sent a key unencrypted, or needs a key that is not named.
 */
export function addressOf(
  { endpoint, key }: DeclaredEndpoint,
  words: EndpointWords,
): { readonly address: string; readonly host: string } {
  const url = URL.parse(endpoint), isHere = ["127.0.0.1", "[::1]", "localhost"].includes(url?.hostname ?? "");
  if (url === null || !["http:", "https:"].includes(url.protocol) || url.username !== "" || url.search !== "") {
    throw new RequestError(
      `${words.endpoint} is not the URL of an endpoint; write it like https://api.openai.com/v1`,
    );
  }
  if (url.protocol === "http:" && !isHere) {
    throw new RequestError(`${words.endpoint} would send the key to ${url.host} unencrypted; use https`);
  }
  if (key === undefined && !isHere) {
    throw new RequestError(`${url.host} needs a key; name its variable, as in ${words.example}`);
  }
  if (key !== undefined && !/^[A-Za-z_]\w*$/.test(key)) {
    throw new RequestError(`${words.key} takes a variable's name, not the key itself`);
  }
  return { address: url.href.replace(/\/$/, ""), host: url.host };
}

/**
 * An endpoint with the key from the environment.
 *
 * @throws {RequestError} Like {@linkcode addressOf}, or if the variable is not set.
 */
export function endpointOf(declared: DeclaredEndpoint, words: EndpointWords): Endpoint {
  const { address } = addressOf(declared, words), { model, key } = declared;
  if (key === undefined) return { address, model };
  const value = system.env.get(key)?.trim();
  if (value === undefined || value === "") throw new RequestError(`the variable ${key} is not set; set it to the key`);
  return { address, model, key: value, variable: key };
}

/** The timeouts of requests in milliseconds, and the number of attempts. */
export interface Patience {
  readonly answer: number;
  /** The wait before the second attempt; each further wait is twice as long. */
  readonly firstWait: number;
  readonly longestWait: number;
  readonly tries: number;
}

/** About two minutes of waiting in total. */
export const usualPatience: Patience = { answer: 60_000, firstWait: 1000, longestWait: 60_000, tries: 7 };

/** The maximum number of bytes of an answer that are read. */
const longestAnswer = 2 ** 20;

/** A failure that a retry may resolve. */
class Passing extends Error {
  constructor(message: string, readonly wait?: number) {
    super(message);
  }
}

/**
 * Asks the endpoint and returns what `read` finds in its answer.
 *
 * @param read Returns what it finds; `undefined` makes the request be repeated.
 * @param onRetry Called before each further attempt with the reason.
 * @throws {RequestError} If the endpoint refuses the key or the request.
 * @throws {RunError} If all attempts fail.
 */
export async function ask<T>(
  endpoint: Endpoint,
  request: JsonObject,
  read: (answer: JsonObject) => T | undefined,
  patience: Patience = usualPatience,
  onRetry: (reason: string) => void = () => {},
): Promise<T> {
  for (let tries = 1, wait = patience.firstWait;; tries++, wait = Math.min(wait * 2, patience.longestWait)) {
    try {
      const found = read(await askOnce(endpoint, request, patience));
      if (found !== undefined) return found;
      throw new Passing("its answer is not a chat completion");
    } catch (fault) {
      const passing = passingOf(fault);
      if (passing === undefined) throw fault;
      if (tries >= patience.tries) {
        throw new RunError(
          `${
            hostOf(endpoint)
          } failed ${tries} times, most recently because ${passing.message}; its answers are kept, so run ` +
            "the same command again later",
        );
      }
      onRetry(`${hostOf(endpoint)}: ${passing.message}`);
      // A random part of the wait prevents questions that failed together from being retried together.
      const waited = Math.max(passing.wait ?? 0, wait * (0.5 + Math.random() / 2));
      await new Promise((resolve) => setTimeout(resolve, Math.min(waited, patience.longestWait)));
    }
  }
}

function passingOf(fault: unknown): Passing | undefined {
  if (fault instanceof Passing) return fault;
  if (fault instanceof SilentServer) return new Passing("it did not answer in time");
  if (fault instanceof EndlessAnswer) return new Passing("its answer has no end");
  // fetch throws a TypeError if the connection fails; its message may contain nothing but the URL.
  return fault instanceof TypeError ? new Passing("it can't be reached") : undefined;
}

async function askOnce({ address, model, key, variable }: Endpoint, request: JsonObject, { answer }: Patience) {
  const headers = {
    "content-type": "application/json",
    ...key === undefined ? {} : { authorization: `Bearer ${key}` },
  };
  const body = JSON.stringify({ ...request, model }), begun = performance.now();
  // Following a redirect would send the key to another host.
  const asked = { method: "POST", headers, body, redirect: "manual" } as const;
  const response = await answerInTime(`${address}/chat/completions`, asked, { patience: answer });
  const left = answer - (performance.now() - begun), { status } = response;
  const text = new TextDecoder().decode(await wholeBody(response, longestAnswer, left));
  if (response.ok) return jsonOf(text) ?? fail(new Passing("its answer is not JSON"));
  if (status === 429 || status === 408 || status >= 500) {
    throw new Passing(`it answers ${status}`, retryAfter(response.headers.get("retry-after")));
  }
  if (status === 401 || status === 403) {
    throw new RequestError(
      key === undefined
        ? `${hostOf({ address })} needs a key (${status}); name the variable that has it`
        : `${hostOf({ address })} rejects the key (${status}); set ${variable ?? "its variable"} to another`,
    );
  }
  throw new RequestError(refusal(status, hostOf({ address }), model, saidIn(text, key)));
}

function refusal(status: number, host: string, model: string, said: string): string {
  if (status === 404) {
    return `${host} has no chat completions for ${quote(model)} there (404${said}); correct the endpoint, as in ` +
      "https://api.openai.com/v1, or the model";
  }
  return `${host} rejects the request (${status}${said}); correct the model or its settings`;
}

/** The first line of the endpoint's error message, without the key, which some endpoints repeat. */
function saidIn(text: string, key: string | undefined): string {
  const error = jsonOf(text)?.["error"], message = isJsonObject(error) ? error["message"] : undefined;
  if (typeof message !== "string") return "";
  const line = message.split("\n")[0]!.slice(0, 200);
  return `: ${key === undefined || key === "" ? line : line.replaceAll(key, "…")}`;
}

function fail(error: Error): never {
  throw error;
}

/** The host, without the other parts of the URL. */
export function hostOf({ address }: Pick<Endpoint, "address">): string {
  return new URL(address).host;
}

/** A Retry-After header, seconds or a date, in milliseconds. */
function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const wait = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(wait) && wait > 0 ? wait : undefined;
}

function jsonOf(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
