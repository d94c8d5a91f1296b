/** Collects the notes among a run's events. @module */
import type { Emit } from "../../pipelines/results/events.ts";

/** Passes on only the notes. */
export function noting(take: (message: string) => void): Emit {
  return (event) => event.kind === "note" ? take(event.message) : undefined;
}
