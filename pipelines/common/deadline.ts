/**
 * Runs work on untrusted input with a deadline: a pattern that backtracks, or a template's loops. The runtime
 * interrupts it, so that nothing in it needs to check a clock.
 *
 * @module
 */
import { cpuUsage } from "node:process";
import { Script } from "node:vm";
import type { RequestError } from "./errors.ts";

/** Where the script finds its function; each copy of this module has its own place. */
const place = `refract ${crypto.randomUUID()}`;
const script = new Script(`globalThis[${JSON.stringify(place)}]()`);
let work: (() => void) | undefined;
Object.defineProperty(globalThis, place, { value: () => work?.() });

/** Milliseconds that any work may take. */
const usual = 4000;

/** Additional milliseconds for each unit of work, such as a character. */
const perUnit = 0.1;

/**
 * Runs a synchronous function with a time limit that only malicious input exceeds.
 *
 * @param units The amount of work, such as a text's length.
 * @param late Makes the error, given the seconds allowed.
 * @param act The function; it may be started again.
 * @returns Its result. Throws the error if it takes longer, and whatever it throws itself. Nested calls share the
 * outermost limit.
 */
export function inTime<Result>(units: number, late: (seconds: number) => RequestError, act: () => Result): Result {
  if (work !== undefined) return act();
  let result: { readonly value: Result } | undefined;
  work = () => {
    result = { value: act() };
  };
  try {
    const allowed = Math.round(usual + perUnit * units), begun = computed();
    for (let timeout = allowed, before = begun;; timeout *= 2) {
      try {
        script.runInThisContext({ timeout });
        return result!.value;
      } catch (fault) {
        const isLate = fault instanceof Error && "code" in fault && fault.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
        if (!isLate) throw fault;
        // If other programs keep the machine busy, it had less processor time than passed.
        const now = computed();
        if (now - before > allowed / 2 || now - begun > allowed) throw late(Math.round(allowed / 1000)).causedBy(fault);
        before = now;
      }
    }
  } finally {
    work = undefined;
  }
}

/** Processor milliseconds that this process has used. */
function computed(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}
