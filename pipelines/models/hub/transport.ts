/**
 * Requests to a hub: the token is sent only to the hub, requests are retried if that can help, and errors say why.
 *
 * @module
 */
import { setTimeout as passed } from "node:timers/promises";
import type { HubAccess } from "./access.ts";
import { answerInTime } from "../../common/bounded_http.ts";
import { refusalBody } from "./body.ts";

const passing: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** An error response of a hub: its status and the reason that it gives. */
export class HubError extends Error {
  override readonly name = "HubRefusal";

  /**
   * @param status The HTTP status.
   * @param code The hub's code for the reason (`X-Error-Code`), for example `RevisionNotFound`; empty if there is none.
   * @param serverMessage The server's message, on one line and without a token.
   * @param retryAfter The wait in milliseconds that the server requests, if any.
   * @param file The requested file, if it belongs to a repository.
   */
  constructor(
    readonly status: number,
    readonly code: string,
    readonly serverMessage: string,
    readonly retryAfter: number | undefined,
    readonly file?: string,
  ) {
    super(serverMessage === "" ? `status ${status}` : `status ${status}: ${serverMessage}`);
  }

  /** The error with the file that it is about. */
  about(file: string): HubError {
    return new HubError(this.status, this.code, this.serverMessage, this.retryAfter, file);
  }

  /** Whether it may be temporary: too many requests, or a server or gateway that is down at the moment. */
  get isPassing(): boolean {
    return passing.has(this.status);
  }
}

/**
 * A `fetch` for one hub. It sends the token to the hub's own origin and nowhere else, and retries temporary failures
 * and broken connections a bounded number of times.
 *
 * @returns Responses with a status below 400. Throws a {@linkcode HubError} for the others, a SilentServer if none
 * begins in time, or the errors of the platform's `fetch`.
 */
export function hubFetch(access: HubAccess): typeof fetch {
  const { endpoint, token, timings, signal } = access, { origin } = new URL(endpoint);
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(init.headers);
    headers.delete("authorization");
    if (token !== undefined && url.origin === origin) headers.set("authorization", `Bearer ${token.value}`);
    for (let attempt = 1;; attempt++) {
      try {
        const response = await answerInTime(url, { ...init, headers }, { patience: timings.patience, signal });
        if (response.status < 400) return response;
        throw await refusalOf(response, token?.value, timings.patience);
      } catch (fault) {
        signal?.throwIfAborted();
        const wait = waitAfter(fault, attempt, init.method ?? "GET", access);
        if (wait === undefined) throw fault;
        if (wait > 5000) access.warn(`${url.host} asks to wait ${Math.ceil(wait / 1000)} s`);
        await pause(wait, signal);
      }
    }
  };

  /** The wait before another attempt; undefined if there must be none. */
  function waitAfter(fault: unknown, attempt: number, method: string, access: HubAccess): number | undefined {
    if (attempt >= timings.attempts) return undefined;
    if (fault instanceof HubError) {
      // A POST may have taken effect before the server failed.
      const isSafe = method !== "POST" || fault.status === 429 || fault.status === 503;
      if (!fault.isPassing || !isSafe) return undefined;
      const wait = fault.retryAfter ?? backoff(access, attempt);
      return wait > timings.longestPause ? undefined : wait;
    }
    return method !== "POST" && isBroken(fault) ? backoff(access, attempt) : undefined;
  }
}

/** The milliseconds before the next attempt, given the number of the last one, from 1. */
export function backoff({ timings }: HubAccess, attempt: number): number {
  return Math.min(timings.longestPause, timings.pause * 2 ** (attempt - 1));
}

/** Waits, unless aborted. */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await passed(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  signal?.throwIfAborted();
}

/** Whether an established connection broke, so that another attempt may succeed. */
function isBroken(fault: unknown): boolean {
  return fault instanceof TypeError && /reset|closed|broken pipe|incomplete|before message completed/i.test(
    [fault, fault.cause].map((each) => each instanceof Error ? each.message : "").join(" "),
  );
}

async function refusalOf(response: Response, token: string | undefined, patience: number): Promise<HubError> {
  const { status, headers } = response;
  const serverMessage = textOf(await refusalBody(response, patience)) || headers.get("x-error-message") ||
    response.statusText;
  const line = (token === undefined ? serverMessage : serverMessage.replaceAll(token, "…")).replace(
    /[\s\p{Cc}]+/gu,
    " ",
  )
    .replace(/\.$/, "")
    .trim();
  const short = line.length > 160 ? `${line.slice(0, 160)}…` : line;
  return new HubError(status, headers.get("x-error-code") ?? "", short, waitAsked(headers.get("retry-after")));
}

/** The error message in a body: a hub writes `{ "error": … }`; a gateway's HTML page contains nothing useful. */
function textOf(body: string): string {
  try {
    const { error, message } = JSON.parse(body);
    return [error, message].find((each) => typeof each === "string") ?? "";
  } catch {
    return /^\s*</.test(body) ? "" : body;
  }
}

/** A `Retry-After`, in seconds or as a date, in milliseconds. */
function waitAsked(header: string | null): number | undefined {
  if (header === null) return undefined;
  const wait = /^\s*\d+(\.\d+)?\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
