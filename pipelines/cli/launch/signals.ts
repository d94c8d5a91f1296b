/** Signals that end a process, passed on to the one that does its work. @module */

/**
 * Passes what would end this process on to a child, and leaves it to the child to end. A terminal signals both; a child
 * that hears the same key press twice counts it once.
 */
export function passSignals(child: Deno.ChildProcess): void {
  const signals: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) {
    Deno.addSignalListener(signal, () => {
      try {
        child.kill(signal);
      } catch {
        // It has ended.
      }
    });
  }
}
