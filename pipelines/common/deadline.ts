/**
 * Work on what someone else made, given up when it takes too long: a pattern that backtracks, or a template's loops. The
 * runtime ends it in whatever it is, so that nothing needs to look at a clock.
 *
 * @module
 */
import { cpuUsage } from "node:process";
import { Script } from "node:vm";
import { RequestError } from "./errors.ts";

/** Where the script finds what to do; each copy of this module has a place of its own. */
const place = `refract ${crypto.randomUUID()}`;
const script = new Script(`globalThis[${JSON.stringify(place)}]()`);
let work: (() => void) | undefined;
Object.defineProperty(globalThis, place, { value: () => work?.() });

/** Milliseconds that work may take however little there is to do. */
const usual = 4000;

/** Milliseconds that each unit of what there is to do adds, such as a character. */
const perUnit = 0.1;

/**
 * Does something that waits for nothing, within a time that only what is made to take long exceeds.
 *
 * @param units How much there is to do, such as a text's length.
 * @param late The error, of the seconds that there were.
 * @param act What to do; it may be begun again.
 * @returns What it gives. Throws the error if it takes longer, and what it throws itself. Within such work there is one
 * limit, the outer one.
 */
export function inTime<Result>(units: number, late: (seconds: number) => RequestError, act: () => Result): Result {
  if (work !== undefined) return act();
  let result: { readonly value: Result } | undefined;
  work = () => {
    result = { value: act() };
  };
  try {
    const allowed = Math.round(usual + perUnit * units), begun = computed();
    for (let timeout = allowed;; timeout *= 2) {
      const before = computed();
      try {
        script.runInThisContext({ timeout });
        return result!.value;
      } catch (fault) {
        const isLate = fault instanceof Error && "code" in fault && fault.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
        if (!isLate) throw fault;
        // Where others keep the machine busy, it had less time than passed.
        const now = computed();
        if (now - before > allowed / 2 || now - begun > allowed) throw late(Math.round(allowed / 1000)).causedBy(fault);
      }
    }
  } finally {
    work = undefined;
  }
}

/** Milliseconds that this process has computed for. */
function computed(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}
