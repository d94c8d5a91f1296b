/**
 * Ctrl-C, the signal by which a system ends a process, and the one by which a cluster gives notice of a time limit. The first asks the run to stop, which keeps what it has and
 * unwinds; the second ends the process at once, and so does a run that does not unwind in time. That does no harm: every
 * file on the disk is complete.
 *
 * @module
 */
import { StoppedError } from "../common/errors.ts";

/** The signals, with the exit codes that a shell gives to processes that they end. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGUSR1: 138, SIGUSR2: 140 } as const;

/**
 * How long the same key press may go on arriving, in milliseconds: a terminal signals every process in it, and `deno task`
 * and npx pass on to the process that they started what it has received already.
 */
const repeats = 200;

/** How long a run that was asked to stop may usually take to unwind, in milliseconds. */
const usualGrace = 800;

/** How long it may take where a time limit is near and not yet there, in milliseconds. */
const noticed = 60_000;

/**
 * Listens for the signals that end a process.
 *
 * @param giveUp Called with what to exit with when a run does not unwind in time.
 * @param grace How long it may take to, in milliseconds.
 * @returns Aborted by the first of them; the reason is a {@linkcode StoppedError}.
 */
export function listenForStops(giveUp: (error: StoppedError) => void, grace = usualGrace): AbortSignal {
  const controller = new AbortController();
  const listeners = (["SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const).filter(isKnown).map((name) =>
    [name, () => {
      if (controller.signal.aborted) return;
      const error = new StoppedError(exitCodes[name]);
      controller.abort(error);
      setTimeout(() => {
        // Without a listener the system ends the process, even one that is too busy to listen.
        for (const [other, listener] of listeners) Deno.removeSignalListener(other, listener);
      }, repeats);
      setTimeout(() => giveUp(error), name.startsWith("SIGUSR") ? noticed : grace);
    }] as const
  );
  for (const [name, listener] of listeners) Deno.addSignalListener(name, listener);
  return controller.signal;
}

/** Windows has Ctrl-C alone to listen for. */
function isKnown(name: keyof typeof exitCodes): boolean {
  return name === "SIGINT" || Deno.build.os !== "windows";
}
