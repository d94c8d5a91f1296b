/** Observers of a run other than its caller. @module */
import type { RunEvent } from "../results/events.ts";

/** Follows a run. Its failures must not affect the run: nothing here throws. */
export interface Watcher {
  /** Receives an event. */
  take(event: RunEvent): void;
  /** Ends, after the last event. */
  close(): Promise<void>;
}
