/** What holds sessions: a thread of its own, or this one. @module */
import { setImmediate } from "node:timers";
import { answering } from "./answering.ts";
import type { RuntimeLibrary } from "./library.ts";
import type { Reply, Request } from "./protocol.ts";

/** What holds sessions and answers for them. */
export interface RuntimeThread {
  send(request: Request, transfer: ArrayBuffer[]): void;
  /** Ends it, in whatever it is. */
  end(): void;
}

/** Who gets the answers of a thread. */
export interface ThreadOwner {
  answered(reply: Reply): void;
  died(message: string): void;
}

/** Starts what holds sessions. */
export type StartThread = (owner: ThreadOwner) => RuntimeThread;

/** Holds sessions in this thread, for a program that is in a worker itself. One request is answered after another. */
export function inThisThread(library: RuntimeLibrary): StartThread {
  return ({ answered }) => {
    const answer = answering(library);
    let last: Promise<unknown> = Promise.resolve(), isEnded = false;
    return {
      send(request) {
        last = last.then(async () => {
          if (isEnded) return;
          const reply = await answer(request);
          // Others have their turn: a request to stop waits for it.
          await new Promise<void>((resolve) => void setImmediate(resolve));
          if (!isEnded) answered(reply);
        });
      },
      end() {
        isEnded = true;
      },
    };
  };
}
