/** The event that says how a run failed. @module */
import { RequestError, StoppedError } from "../common/errors.ts";
import type { RunEvent } from "../results/events.ts";

/** The event for a run that ended with an error. */
export function runFailed(error: unknown): RunEvent {
  const message = error instanceof Error ? error.message || error.name : String(error);
  return {
    kind: "runFailed",
    message,
    stopped: error instanceof StoppedError,
    refused: error instanceof RequestError,
  };
}
