/**
 * Ctrl-C, the signal with which a system ends a process, and the ones with which a cluster announces a time limit. The
 * first asks the run to stop, which saves what it has and unwinds; the second ends the process at once, and so does a
 * run that does not unwind in time. That does no harm: every file on disk is complete.
 *
 * @module
 */
import { StoppedError } from "../common/errors.ts";

/** The signals, with the exit codes that a shell reports for processes that they end. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGUSR1: 138, SIGUSR2: 140 } as const;

/**
 * How long repeats of the same key press may keep arriving, in milliseconds: a terminal signals every process in it,
 * and `deno task` and npx forward the signal to a child process that has already received it.
 */
const repeats = 200;

/** How long a run that was asked to stop may usually take to unwind, in milliseconds. */
const usualGrace = 800;

/** How long it may take if a time limit has been announced, in milliseconds. */
const noticed = 60_000;

/**
 * Listens for the signals that end a process.
 *
 * @param giveUp Called with the exit reason if a run does not unwind in time.
 * @param grace How long it may take to unwind, in milliseconds.
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

/** On Windows only Ctrl-C can be listened for. */
function isKnown(name: keyof typeof exitCodes): boolean {
  return name === "SIGINT" || Deno.build.os !== "windows";
}
