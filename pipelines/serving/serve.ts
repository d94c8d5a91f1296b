/** A server that runs until it is stopped, and then finishes the requests in progress. @module */
import { RequestError } from "../common/errors.ts";
import { faultText } from "../common/files.ts";
import { ApiError, errorResponse } from "./api_error.ts";
import { type Access, handle } from "./handler.ts";
import type { Service } from "./service.ts";

/** Where a server listens. */
interface ServePlace {
  readonly hostname: string;
  readonly port: number;
  /** A certificate and its key, both PEM. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

/** The lifetime of a server. */
interface ServeControl {
  /** Called when it listens. */
  readonly onListen: (address: string) => void;
  /** Aborted to stop it. */
  readonly signal?: AbortSignal | undefined;
  /** How many seconds answers in progress may take from then on. */
  readonly drainSeconds: number;
  /** Gives up on answers that take longer. */
  readonly giveUp: () => void;
}

/** Milliseconds between two checks of the edits' folders. */
const lookInterval = 1000;

/**
 * Serves until the signal is aborted, and then until all answers in progress have ended, or their time is up.
 *
 * @throws {RequestError} If it cannot listen there.
 */
export async function serve(
  service: Service,
  access: Access,
  { hostname, port, tls }: ServePlace,
  { onListen, signal, drainSeconds, giveUp }: ServeControl,
): Promise<void> {
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve({
      hostname,
      port,
      ...tls,
      onError: (fault) => errorResponse(new ApiError(500, faultText(fault))),
      onListen: ({ port }) => {
        const name = hostname.includes(":") ? `[${hostname}]` : hostname;
        onListen(`${tls === undefined ? "http" : "https"}://${name}:${port}`);
      },
    }, (request) => handle(service, access, request));
  } catch (fault) {
    if (fault instanceof Deno.errors.AddrInUse) {
      throw new RequestError(`port ${port} is in use; give another with --port, or 0 for any`);
    }
    const remedy = tls === undefined
      ? "give another --host or --port"
      : "check --tls-cert and --tls-key, --host and --port";
    throw new RequestError(`can't serve on ${hostname}:${port} (${faultText(fault)}); ${remedy}`);
  }
  const looking = look(service);
  let late: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    late = setTimeout(giveUp, drainSeconds * 1000);
    server.shutdown().catch(() => {});
  };
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  await server.finished;
  clearTimeout(late);
  looking.end();
}

/** Checks repeatedly for edits that have appeared or disappeared. */
function look({ catalog }: Service): { end(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined, isEnded = false;
  const again = async () => {
    await catalog.refresh().catch(() => {});
    if (!isEnded) timer = setTimeout(again, lookInterval);
  };
  timer = setTimeout(again, lookInterval);
  return {
    end() {
      isEnded = true;
      clearTimeout(timer);
    },
  };
}
