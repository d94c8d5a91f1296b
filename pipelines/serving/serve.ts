/** A server that answers until it is stopped, and then lets what was begun end. @module */
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

/** A server's life. */
interface ServeControl {
  /** Called when it listens. */
  readonly onListen: (address: string) => void;
  /** Aborted to end it. */
  readonly signal?: AbortSignal | undefined;
  /** Seconds that answers which were begun may take from then on. */
  readonly drainSeconds: number;
  /** Gives up on answers that take longer. */
  readonly giveUp: () => void;
}

/** Milliseconds between two looks at the folders of the edits. */
const lookInterval = 1000;

/**
 * Serves until the signal is aborted, and then until all answers that were begun have ended, or their time is up.
 *
 * @throws {RequestError} If it can't listen there.
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
    throw new RequestError(`can't serve on ${hostname}:${port} (${faultText(fault)}); give another --host or --port`);
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

/** Looks again and again for edits that have come or gone. */
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
