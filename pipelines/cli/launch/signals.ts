/**
 * Signals that end a process, passed on to the one that does its work; and its end where it is too busy to listen, as in
 * a loop of a pipeline file.
 *
 * @module
 */

import { ownValue } from "../../../ops/program/own_value.ts";

/** The signals of a terminal and of a system, with the exit codes that a shell gives to processes that they end. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGUSR1: 138, SIGUSR2: 140 } as const;

/** A signal that is passed on. */
type Ending = keyof typeof exitCodes;

/** Signals by which a system ends a process that has no say in it, and what is most likely to be the reason. */
const ends: Readonly<Partial<Record<Deno.Signal, string>>> = {
  SIGBUS: "a file that it reads in place, such as a model's weights, became shorter meanwhile, or its disk failed; " +
    "see that nothing changes the model, and run the same command again, which checks it",
  SIGKILL: "there was not enough memory, or somebody ended it; run it with smaller batches, or with --cache-memory 1GB",
  SIGSEGV: "native code failed; run the same command again, and report it if it fails again",
};

/** In milliseconds. */
interface SignalTimings {
  /** A terminal signals every process in it, and `deno task` and npx pass on what they received already. */
  readonly repeats: number;
  /** How long a child may take to end by itself at a second Ctrl-C. */
  readonly grace: number;
  /** How long one may go on after the first signal: of a system, until it is ended; of a person, until that is said. */
  readonly unwinding: number;
}

const usual: SignalTimings = { repeats: 200, grace: 250, unwinding: 3000 };

/**
 * Passes what would end this process on to a child, and leaves it to the child to end. A child that does not is ended: by
 * a second Ctrl-C at once, by another signal after a while. That does no harm: every file on the disk is complete.
 *
 * @param say Gets a line when a person waits.
 * @returns The exit code, once the child has ended.
 */
export async function endWith(
  child: Deno.ChildProcess,
  say: (line: string) => void,
  { repeats, grace, unwinding }: SignalTimings = usual,
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
      // At SIGUSR1 Deno also opens its debugger, so that this signal goes no further.
      pass(signal === "SIGUSR1" ? "SIGUSR2" : signal);
      const now = performance.now();
      if (first !== undefined) {
        if (now - first.at >= repeats) later(grace, () => pass("SIGKILL"));
        return;
      }
      first = { at: now, signal };
      // Who gives notice of a time limit ends the process at that time.
      if (signal.startsWith("SIGUSR")) return;
      later(unwinding, () => {
        if (signal === "SIGINT") say("still busy; Ctrl-C again ends it at once");
        else pass("SIGKILL");
      });
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
