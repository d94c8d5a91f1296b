/** The two forms of these tests: a short one that runs on every change, and a long one. @module */

/** Which form runs: `REFRACT_FAULTS` is `long`, or a share of the long form such as `0.1`. */
const asked = Deno.env.get("REFRACT_FAULTS") ?? "";

/** The share of the long form's counts that run; undefined in the short form. */
const share = asked === "long" ? 1 : Number(asked) > 0 ? Math.min(1, Number(asked)) : undefined;

/** How many cases to try: the long form's count or its share, else the short form's. */
export function countOf(counts: { readonly short: number; readonly long: number }): number {
  return share === undefined ? counts.short : Math.max(counts.short, Math.round(counts.long * share));
}

/** The seed of random choices: the same in every run, unless `REFRACT_FAULTS_SEED` sets another. */
export const seed = Number(Deno.env.get("REFRACT_FAULTS_SEED") ?? 18);

/** Random numbers of at least 0 and below 1, determined by a seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}

/** Random choices determined by a seed. */
export interface Choices {
  /** An integer of at least 0 and below a bound. */
  readonly below: (bound: number) => number;
  /** An element of a list. */
  readonly of: <Item>(items: readonly Item[]) => Item;
}

/** Random choices from a seed. */
export function choicesOf(seed: number): Choices {
  const random = randomOf(seed), below = (bound: number) => Math.floor(random() * bound);
  return { below, of: (items) => items[below(items.length)]! };
}

/** Prints what was tried and the result, for the table in this folder's README. */
export function tell(what: string): void {
  console.log(`  ${what}`);
}

/** Prints the number of attempts after every hundred. */
export function tellProgress(done: number, count: number): void {
  if (done % 100 === 0 && done < count) tell(`${done} of ${count}`);
}

/**
 * Reports a failed attempt immediately, since the others still take time. Rethrows whatever is not an
 * AssertionError.
 */
export function faultOf(error: unknown): string {
  if (!(error instanceof Error && error.name === "AssertionError")) throw error;
  tell(`found: ${error.message.slice(0, 2000)}`);
  return error.message;
}
