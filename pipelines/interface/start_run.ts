/** A run in progress, with its events and its result. @module */
import type { Overrides } from "../recipes/overrides.ts";
import type { RunEvent } from "../results/events.ts";
import type { Pipeline } from "../spec/mod.ts";
import { EventStream } from "./event_stream.ts";
import type { OpenedRun } from "./opened_run.ts";
import type { RunCall, RunControl, RunSettings } from "./run_options.ts";

/**
 * A run in progress. Any number of readers can read its events with `for await`; a reader that stops early does not
 * stop the run.
 */
export interface Run extends AsyncIterable<RunEvent> {
  /** The run's results, once it is done; rejects with the error that ended the run. */
  readonly result: Promise<OpenedRun>;
}

/** Starts a run with validated options. */
export function startRun(
  pipeline: string | Pipeline,
  overrides: Overrides,
  options: RunSettings,
  control: RunControl,
): Run {
  const stream = new EventStream();
  const result = perform(stream, { pipeline, overrides, options, control });
  return {
    result,
    [Symbol.asyncIterator]() {
      // Readers of the events learn of an error there.
      result.catch(() => {});
      return stream.read();
    },
  };
}

async function perform(stream: EventStream, call: RunCall): Promise<OpenedRun> {
  try {
    // Imported here because a pipeline file imports this module, and declares without what runs models. In the meantime
    // readers request events.
    const { performRun } = await import("./perform_run.ts");
    const opened = await performRun(call, (event) => stream.emit(event));
    stream.end({});
    return opened;
  } catch (error) {
    stream.end({ error });
    throw error;
  }
}
