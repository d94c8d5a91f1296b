/** A server of a folder's files, like a static site host. @module */

const types: Readonly<Record<string, string>> = {
  css: "text/css",
  html: "text/html; charset=utf-8",
  js: "text/javascript",
  json: "application/json",
  mjs: "text/javascript",
  wasm: "application/wasm",
};

/** Options of the server. */
interface Served {
  /** Whether pages may share memory between threads. */
  readonly isIsolated?: boolean;
  /** Responds instead of a file, if it returns a response. */
  readonly instead?: (path: string, request: Request) => Response | undefined;
}

/** A listening server. */
export interface StaticServer extends AsyncDisposable {
  /** As in `http://127.0.0.1:4711/`. */
  readonly url: string;
  /** The requested paths. */
  readonly asked: string[];
}

/** Serves a folder on a free port. */
export function serveFolder(folder: string, { isIsolated = true, instead }: Served = {}): StaticServer {
  const isolation = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const path = decodeURIComponent(new URL(request.url).pathname),
      name = path.endsWith("/") ? `${path}index.html` : path;
    asked.push(path);
    const other = instead?.(path, request);
    if (other !== undefined) return other;
    const file = await Deno.open(`${folder}${name}`).catch(() => undefined);
    if (file === undefined) return new Response("There is no such file", { status: 404 });
    const { size } = await file.stat(),
      from = Number(/^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
    await file.seek(from, Deno.SeekMode.Start);
    const headers = {
      ...isIsolated ? isolation : {},
      "content-type": types[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream",
      "content-length": String(size - from),
      ...from > 0 ? { "content-range": `bytes ${from}-${size - 1}/${size}` } : {},
    };
    return new Response(file.readable, { status: from > 0 ? 206 : 200, headers });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    asked,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
