/** What a page shows of a run's reports. @module */
import type { RunEvent } from "../../results/events.ts";
import type { ShownEvent } from "./protocol.ts";

/** An event for the page; `undefined` if it is not shown. */
export function shownEvent(event: RunEvent): ShownEvent | undefined {
  switch (event.kind) {
    case "note":
      return event;
    case "work": {
      const { kind, work, subject, done, total, unit } = event;
      return { kind, work, subject, done, total, unit };
    }
    case "trainingStarted": {
      const { kind, steps, stepsDone, losses = [] } = event;
      return { kind, steps, stepsDone, losses: losses[0] ?? [] };
    }
    case "step": {
      const { kind, step, steps, seconds, members: [first] } = event;
      return { kind, step, steps, seconds, loss: first?.loss ?? NaN };
    }
    default:
      return undefined;
  }
}
