/** What a test takes of a run's events: its notes. @module */
import type { Emit } from "../../pipelines/results/events.ts";

/** Passes on notes, and nothing else. */
export function noting(take: (message: string) => void): Emit {
  return (event) => event.kind === "note" ? take(event.message) : undefined;
}
