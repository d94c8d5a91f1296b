/** The two forms of these tests: a short one for every change, and a long one. @module */

/** Which form runs: `REFRACT_FAULTS` is `long`, or a share of the long form such as `0.1`. */
const asked = Deno.env.get("REFRACT_FAULTS") ?? "";

/** The share of the long form's counts that run; undefined in the short form. */
const share = asked === "long" ? 1 : Number(asked) > 0 ? Math.min(1, Number(asked)) : undefined;

/** How many of something to try: the long form's count or its share, else the short form's. */
export function countOf(counts: { readonly short: number; readonly long: number }): number {
  return share === undefined ? counts.short : Math.max(counts.short, Math.round(counts.long * share));
}

/** Where random choices begin: the same in every run, unless `REFRACT_FAULTS_SEED` says another. */
export const seed = Number(Deno.env.get("REFRACT_FAULTS_SEED") ?? 18);

/** Numbers from 0 to below 1 that a seed decides on (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}

/** Choices that a seed decides on. */
export interface Choices {
  /** A whole number from 0 to below a bound. */
  readonly below: (bound: number) => number;
  /** One of a list. */
  readonly of: <Item>(items: readonly Item[]) => Item;
}

/** Choices from a seed on. */
export function choicesOf(seed: number): Choices {
  const random = randomOf(seed), below = (bound: number) => Math.floor(random() * bound);
  return { below, of: (items) => items[below(items.length)]! };
}

/** Says what was tried and what came of it, for the table in this folder's README. */
export function tell(what: string): void {
  console.log(`  ${what}`);
}

/** Says every hundred attempts how many there were. */
export function tellProgress(done: number, count: number): void {
  if (done % 100 === 0 && done < count) tell(`${done} of ${count}`);
}

/** What an attempt found wrong, said at once since the others still take their time. Throws what is no assertion's. */
export function faultOf(error: unknown): string {
  if (!(error instanceof Error && error.name === "AssertionError")) throw error;
  tell(`found: ${error.message.slice(0, 2000)}`);
  return error.message;
}
