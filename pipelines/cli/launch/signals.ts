/**
 * Forwards signals that end a process to the child that does its work, and ends the child if it is too busy to listen,
 * as in a loop of a pipeline file.
 *
 * @module
 */

import { ownValue } from "../../../ops/program/own_value.ts";

/**
 * The signals of a terminal and of the system, with the exit codes that a shell reports for processes that they end.
 */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGUSR1: 138, SIGUSR2: 140 } as const;

/** A signal that is forwarded. */
type Ending = keyof typeof exitCodes;

/** Signals by which the system kills a process, and the likeliest reason. */
const ends: Readonly<Partial<Record<Deno.Signal, string>>> = {
  SIGBUS: "a file that it reads in place, such as a model's weights, was truncated, or its disk failed; " +
    "make sure that nothing changes the model, and run the same command again, which checks it",
  SIGKILL: "there was not enough memory, or someone killed it; run it with smaller batches, or with --cache-memory 1GB",
  SIGSEGV: "native code failed; run the same command again, and report it if it fails again",
};

/** In milliseconds. */
interface SignalTimings {
  /**
   * Repeats of a signal: a terminal signals every process in it, and `deno task` and npx forward what the child has
   * already received.
   */
  readonly repeats: number;
  /** How long a child may take to end after a second Ctrl-C. */
  readonly grace: number;
  /** How long a child may continue after a user's first signal until a message is shown. */
  readonly patience: number;
  /** How long it may continue after a system's first signal until it is killed. */
  readonly unwinding: number;
}

/** The timings of most commands. */
export const usualTimings: SignalTimings = { repeats: 200, grace: 250, patience: 3000, unwinding: 3000 };

/**
 * Forwards signals that would end this process to a child, and lets the child end itself. A child that does not is
 * killed: at once after a second Ctrl-C, and after a while for any other signal. That does no harm: every file on disk
 * is complete.
 *
 * @param say Receives a line when the user is waiting.
 * @returns The exit code, once the child has ended.
 */
export async function endWith(
  child: Deno.ChildProcess,
  say: (line: string) => void,
  { repeats, grace, patience, unwinding }: SignalTimings = usualTimings,
): Promise<number> {
  let first: { readonly at: number; readonly signal: Ending } | undefined;
  const timers: ReturnType<typeof setTimeout>[] = [];
  const pass = (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch {
      // It has ended.
    }
  };
  const later = (milliseconds: number, act: () => void) => timers.push(setTimeout(act, milliseconds));
  for (const signal of listened()) {
    Deno.addSignalListener(signal, () => {
      // At SIGUSR1 Deno also opens its debugger, so this signal is not forwarded further.
      pass(signal === "SIGUSR1" ? "SIGUSR2" : signal);
      const now = performance.now();
      if (first !== undefined) {
        if (now - first.at >= repeats) later(grace, () => pass("SIGKILL"));
        return;
      }
      first = { at: now, signal };
      // Whoever announced a time limit ends the process when it is reached.
      if (signal.startsWith("SIGUSR")) return;
      if (signal === "SIGINT") later(patience, () => say("still busy; Ctrl-C again ends it at once"));
      else later(unwinding, () => pass("SIGKILL"));
    });
  }
  const { code, signal } = await child.status;
  for (const timer of timers) clearTimeout(timer);
  if (signal === "SIGKILL" && first !== undefined) return exitCodes[first.signal];
  const why = signal === null ? undefined : ownValue(ends, signal);
  if (why === undefined) return code;
  say(`error: the system ended the command by ${signal}: ${why}`);
  return 1;
}

function listened(): readonly Ending[] {
  return Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"];
}
