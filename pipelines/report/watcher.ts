/** Who follows a run besides the one who started it. @module */
import type { RunEvent } from "../results/events.ts";

/** Follows a run. What goes wrong with that is none of the run's: nothing here throws. */
export interface Watcher {
  /** Takes an event. */
  take(event: RunEvent): void;
  /** Ends, after the last event. */
  close(): Promise<void>;
}
