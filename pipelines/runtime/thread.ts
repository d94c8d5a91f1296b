/** Where sessions are held: in a separate thread, or in this one. @module */
import { setImmediate } from "node:timers";
import { answering } from "./answering.ts";
import type { RuntimeLibrary } from "./library.ts";
import type { Reply, Request } from "./protocol.ts";

/** Holds sessions and replies to requests. */
export interface RuntimeThread {
  /** Whether it is another thread, which runs sessions while this one works. */
  readonly isApart: boolean;
  send(request: Request, transfer: ArrayBuffer[]): void;
  /** Ends it, whatever it is doing. */
  end(): void;
}

/** Receives the replies of a thread. */
export interface ThreadOwner {
  answered(reply: Reply): void;
  died(message: string): void;
}

/** Starts a thread that holds sessions. */
export type StartThread = (owner: ThreadOwner) => RuntimeThread;

/**
 * Holds sessions in this thread, for a program that itself runs in a worker. Requests are handled one at a time. When it
 * ends, its sessions are released, before whoever starts next opens others.
 */
export function inThisThread(library: RuntimeLibrary): StartThread {
  let released: Promise<unknown> = Promise.resolve();
  return ({ answered }) => {
    const { answer, release } = answering(library);
    let last = released, isEnded = false;
    return {
      isApart: false,
      send(request) {
        last = last.then(async () => {
          if (isEnded) return;
          const reply = await answer(request);
          // Yield to the event loop, since a request to stop may be waiting.
          await new Promise<void>((resolve) => void setImmediate(resolve));
          if (!isEnded) answered(reply);
        });
      },
      end() {
        if (isEnded) return;
        isEnded = true;
        released = Promise.all([released, last.then(release, release)]);
      },
    };
  };
}
