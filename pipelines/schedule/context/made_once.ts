/** Results that one process computes and all processes that share its store reuse. @module */
import type { Claim } from "../../store/claims.ts";
import type { RunContext } from "./run_context.ts";
import { noteTo } from "./work.ts";

type ClaimContext = Pick<RunContext, "store" | "emit" | "stopIfAsked">;

/** How to compute or find a result. */
interface Made<T> {
  /** Computes it, if no other process has done so in the meantime. */
  readonly make: () => Promise<T>;
  /** Looks it up in the store. */
  readonly find: () => Promise<T | undefined>;
  /** What the other process is doing, for those who wait, as in `encodes the same rows`. */
  readonly does: string;
}

/** The pause between two checks on the other process, in milliseconds. */
const [leastPause, mostPause] = [50, 2000];

/**
 * Finds a result in the store, or computes it; if another process is computing it, waits for that one.
 *
 * @returns The result, and whether it was found.
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

/** Waits until no other process is computing an entry, which may then be there. */
export async function claimed(
  runContext: ClaimContext,
  kind: string,
  key: string,
  does: string,
): Promise<Claim> {
  const claimant = runContext.store.claimant(kind, key);
  let pause = leastPause;
  for (let claim = claimant.take();; claim = claimant.take()) {
    if (claim !== undefined) return claim;
    if (pause > 1000 && pause < mostPause) noteTo(runContext.emit)(`waiting for another process, which ${does}`);
    await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
    pause = Math.min(mostPause, pause * 1.6);
    await runContext.stopIfAsked();
  }
}
