/**
 * Requests to a hub: with the token where it belongs, sent again where that can help, and refused in a form that says
 * why.
 *
 * @module
 */
import { setTimeout as passed } from "node:timers/promises";
import type { HubAccess } from "./access.ts";
import { answerInTime } from "../../common/bounded_http.ts";
import { refusalBody } from "./body.ts";

const passing: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** A hub's answer that is none: its status, and what it says of the reason. */
export class HubError extends Error {
  override readonly name = "HubRefusal";

  /**
   * @param status The HTTP status.
   * @param code The hub's name for the reason (`X-Error-Code`), as in `RevisionNotFound`; empty if it gives none.
   * @param serverMessage What the server wrote about it, on one line and without a token.
   * @param retryAfter Milliseconds after which the server wants to be asked again, if it says.
   * @param file The file that was asked for, if it was one of a repository's.
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

  /** The refusal with the file that it is about. */
  about(file: string): HubError {
    return new HubError(this.status, this.code, this.serverMessage, this.retryAfter, file);
  }

  /** Whether it may be gone after a while: too many requests, or a server or a gateway that is down for the moment. */
  get isPassing(): boolean {
    return passing.has(this.status);
  }
}

/**
 * A `fetch` for one hub. It carries the token to the hub's own origin and nowhere else, and tries again, a bounded number
 * of times, what was refused for the moment or broke off before an answer.
 *
 * @returns Answers with a status below 400. Throws a {@linkcode HubError} for the others, a SilentServer where
 * none begins in time, or what the platform's `fetch` throws.
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

  /** How long to wait before another attempt; undefined if there is to be none. */
  function waitAfter(fault: unknown, attempt: number, method: string, access: HubAccess): number | undefined {
    if (attempt >= timings.attempts) return undefined;
    if (fault instanceof HubError) {
      // A POST may have had its effect before the server failed.
      const isSafe = method !== "POST" || fault.status === 429 || fault.status === 503;
      if (!fault.isPassing || !isSafe) return undefined;
      const wait = fault.retryAfter ?? backoff(access, attempt);
      return wait > timings.longestPause ? undefined : wait;
    }
    return method !== "POST" && isBroken(fault) ? backoff(access, attempt) : undefined;
  }
}

/** Milliseconds before the attempt that follows the given one, from 1. */
export function backoff({ timings }: HubAccess, attempt: number): number {
  return Math.min(timings.longestPause, timings.pause * 2 ** (attempt - 1));
}

/** Waits, unless it is stopped. */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await passed(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  signal?.throwIfAborted();
}

/** Whether a connection was there and broke, so that another may hold. */
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

/** What a body says of an error: a hub writes `{ "error": … }`; a page of a gateway says nothing to a person. */
function textOf(body: string): string {
  try {
    const { error, message } = JSON.parse(body);
    return [error, message].find((each) => typeof each === "string") ?? "";
  } catch {
    return /^\s*</.test(body) ? "" : body;
  }
}

/** Milliseconds of a `Retry-After`, which counts seconds or gives a date. */
function waitAsked(header: string | null): number | undefined {
  if (header === null) return undefined;
  const wait = /^\s*\d+(\.\d+)?\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
