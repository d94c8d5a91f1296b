/** What one process makes and all that share its store find. @module */
import type { Claim } from "../../store/claims.ts";
import type { RunContext } from "./run_context.ts";
import { noteTo } from "./work.ts";

type ClaimContext = Pick<RunContext, "store" | "emit" | "stopIfAsked">;

/** What is made, and who makes it. */
interface Made<T> {
  /** What this process is to do, unless another has done it meanwhile. */
  readonly make: () => Promise<T>;
  /** Finds it in the store. */
  readonly find: () => Promise<T | undefined>;
  /** What it is, for who waits, as in `encodes the same rows`. */
  readonly does: string;
}

/** Between two looks at who makes something, in milliseconds. */
const [leastPause, mostPause] = [50, 2000];

/**
 * What the store has, or what this process makes unless another does: then it is waited for.
 *
 * @returns It, and whether it was found.
 */
export async function madeOnce<T>(
  runContext: ClaimContext,
  kind: string,
  key: string,
  { make, find, does }: Made<T>,
): Promise<{ readonly value: T; readonly cached: boolean }> {
  const before = await find();
  if (before !== undefined) return { value: before, cached: true };
  using _ = await claimed(runContext, kind, key, does);
  const found = await find();
  return found === undefined ? { value: await make(), cached: false } : { value: found, cached: true };
}

/** Waits until nobody else makes an entry, which then may be there. */
export async function claimed(
  runContext: ClaimContext,
  kind: string,
  key: string,
  does: string,
): Promise<Claim> {
  const claimant = runContext.store.claimant(kind, key);
  let pause = leastPause;
  for (let claim = claimant.take();; claim = claimant.take()) {
    if (claim !== undefined) {
      // What another has put there may be unknown to this machine for a while.
      if (pause > leastPause) claimant.refresh();
      return claim;
    }
    if (pause > 1000 && pause < mostPause) noteTo(runContext.emit)(`waiting for another process, which ${does}`);
    await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
    pause = Math.min(mostPause, pause * 1.6);
    await runContext.stopIfAsked();
  }
}
