/** `deno task watch`: a run's report, served to this machine alone during the run. @module */
import { join } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { faultText } from "../../common/files.ts";
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
  parameters: [{ name: "folder", help: "a run's folder, which need not be there yet" }],
  options: { port: withDefault(integer("n", 0, 65535), "the port, 0 for any that is free", 8787) },
  examples: ["watch runs/arc-easy/first --port 0"],
  run: ([path], { port }, { terminal, stops }) => serveReport(callerPath(path), port, terminal, stops?.()),
});

/** Milliseconds between two checks of the run's folder. */
const interval = 700;

/** Serves a run's report until it is stopped, and brings open pages up to date. */
export async function serveReport(
  folder: string,
  port: number,
  terminal: Pick<Terminal, "print">,
  signal?: AbortSignal,
): Promise<void> {
  try {
    const server = Deno.serve({
      hostname: "127.0.0.1",
      port,
      ...signal === undefined ? {} : { signal },
      onError: (fault) => new Response(faultText(fault), { status: 500 }),
      onListen: ({ port }) => terminal.print(`http://127.0.0.1:${port}/ shows ${folder}; Ctrl-C ends this`),
    }, ({ url }) => answer(folder, new URL(url)));
    await server.finished;
  } catch (fault) {
    if (fault instanceof Deno.errors.AddrInUse) {
      throw new RequestError(`port ${port} is in use; give another with --port, or 0 for any`);
    }
    if (fault instanceof RequestError) throw fault;
    throw new RequestError(`can't serve on port ${port} (${faultText(fault)}); give another with --port`);
  }
}

async function answer(folder: string, { hostname, pathname: path }: URL): Promise<Response> {
  // A request by another name comes from a page elsewhere that tries to read what is served (DNS rebinding).
  if (hostname !== "127.0.0.1" && hostname !== "localhost") return new Response("not this host", { status: 403 });
  if (path === "/") {
    return new Response(await page(folder), { headers: { "content-type": "text/html; charset=utf-8" } });
  }
  if (path === "/events") return new Response(events(folder), { headers: { "content-type": "text/event-stream" } });
  return new Response("not found", { status: 404 });
}

async function page(folder: string): Promise<string> {
  return await pageOf(viewOf(await readLiveSource(folder)));
}

/** A server-sent event with the whole view whenever the run's files have changed. */
function events(folder: string): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let timer: ReturnType<typeof setTimeout> | undefined, seen = "";
  return new ReadableStream({
    start(controller) {
      const check = async () => {
        const state = stateOf(folder);
        if (state !== seen) {
          seen = state;
          const view = viewOf(await readLiveSource(folder));
          controller.enqueue(encoder.encode(`data: ${JSON.stringify(view)}\n\n`));
        }
        timer = setTimeout(() => check().catch(() => {}), interval);
      };
      check().catch(() => {});
    },
    cancel: () => clearTimeout(timer),
  });
}

/** Changes when the run's files do, and when they have not for long. */
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
