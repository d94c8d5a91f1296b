/** `deno task watch`: serves a run's report during the run, only to this machine. @module */
import { join } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { faultText, isFolder } from "../../common/files.ts";
import { pageOf } from "../../report/html.ts";
import { liveFile, silenceOf } from "../../report/live.ts";
import { readLiveSource } from "../../report/write_report.ts";
import { viewOf } from "../../report/view.ts";
import { callerPath } from "../requests/caller_paths.ts";
import { command } from "../arguments/command.ts";
import { integer, withDefault } from "../arguments/option.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Serves a run's report during the run. */
export const watchCommand = command({
  name: "watch",
  summary: "Serves a run's report on this machine during the run.",
  parameters: [{ name: "folder", help: "a run folder, which need not exist yet" }],
  options: { port: withDefault(integer("n", 0, 65535), "the port, 0 for any that is free", 8787) },
  examples: ["watch runs/arc-easy/first --port 0"],
  run: ([path], { port }, { terminal, stops }) => serveReport(callerPath(path), port, terminal, stops?.()),
});

/** Milliseconds between two checks of the run folder. */
const interval = 700;

/**
 * Serves a run's report until it is stopped, and updates open pages. Other users of this machine do not know the token
 * in the address.
 */
export async function serveReport(
  folder: string,
  port: number,
  terminal: Pick<Terminal, "print">,
  signal?: AbortSignal,
): Promise<void> {
  const waits = await isFolder(folder) ? "" : " once a run writes there, for it does not exist yet";
  const token = crypto.getRandomValues(new Uint8Array(24)).toHex();
  try {
    const server = Deno.serve({
      hostname: "127.0.0.1",
      port,
      ...signal === undefined ? {} : { signal },
      onError: (fault) => answerOf(faultText(fault), 500),
      onListen: ({ port }) =>
        terminal.print(`http://127.0.0.1:${port}/?token=${token} shows ${folder}${waits}; Ctrl-C ends this`),
    }, (request) => answer(folder, token, request));
    await server.finished;
  } catch (fault) {
    if (fault instanceof Deno.errors.AddrInUse) {
      throw new RequestError(`port ${port} is in use; give another with --port, or 0 for any`);
    }
    if (fault instanceof RequestError) throw fault;
    throw new RequestError(`can't serve on port ${port} (${faultText(fault)}); give another with --port`);
  }
}

/**
 * Headers of every response: its type is as stated, it belongs to this page alone, must not be framed and must not be
 * cached.
 */
const headers = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
} as const;

function answerOf(body: BodyInit, status: number, more: Readonly<Record<string, string>> = {}): Response {
  return new Response(body, { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers, ...more } });
}

async function answer(folder: string, token: string, request: Request): Promise<Response> {
  const { hostname, port, pathname: path, searchParams } = new URL(request.url);
  // A request with another host name comes from a page elsewhere that tries to read what is served (DNS rebinding).
  if (hostname !== "127.0.0.1" && hostname !== "localhost") return answerOf("not this host", 403);
  // Browsers send cookies of a host to all of its ports.
  const cookie = `refract-${port || 80}=${token}`, cookies = (request.headers.get("cookie") ?? "").split(/;\s*/);
  if (searchParams.get("token") !== token && !cookies.includes(cookie)) {
    return answerOf("open the address that deno task watch printed, with its token", 403);
  }
  if (path === "/") {
    const kept = `${cookie}; Path=/; HttpOnly; SameSite=Strict`;
    // The page has its own policy, to which this one adds.
    const policy = "frame-ancestors 'none'";
    const type = { "content-type": "text/html; charset=utf-8" };
    return answerOf(await page(folder), 200, { ...type, "set-cookie": kept, "content-security-policy": policy });
  }
  if (path === "/events") return answerOf(events(folder), 200, { "content-type": "text/event-stream" });
  return answerOf("not found", 404);
}

async function page(folder: string): Promise<string> {
  return await pageOf(viewOf(await readLiveSource(folder)));
}

/** A server-sent event with the whole view whenever the run's files have changed, or with the error in them. */
function events(folder: string): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let timer: ReturnType<typeof setTimeout> | undefined, seen = "", isOpen = true;
  return new ReadableStream({
    start(controller) {
      const send = (lines: string) => isOpen && controller.enqueue(encoder.encode(`${lines}\n\n`));
      const check = async () => {
        const state = stateOf(folder);
        if (state !== seen) {
          seen = state;
          await readLiveSource(folder).then(
            (source) => send(`data: ${JSON.stringify(viewOf(source))}`),
          ).catch((fault) => send(`event: fault\ndata: ${JSON.stringify(faultText(fault))}`));
        }
        if (isOpen) timer = setTimeout(check, interval);
      };
      void check();
    },
    cancel() {
      isOpen = false;
      clearTimeout(timer);
    },
  });
}

/** Changes when the run's files do, and when they have not changed for a while. */
function stateOf(folder: string): string {
  const now = Date.now();
  return ["results.json", liveFile].map((name) => {
    try {
      const { mtime, size } = Deno.statSync(join(folder, name)), written = mtime?.toISOString();
      const isSilent = name === liveFile && written !== undefined && silenceOf({ written }, now) !== undefined;
      return `${written} ${size} ${isSilent}`;
    } catch {
      return "";
    }
  }).join();
}
