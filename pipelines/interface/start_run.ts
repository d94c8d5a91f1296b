/** A run in progress, with its events and its result. @module */
import type { Overrides } from "../recipes/overrides.ts";
import type { RunEvent } from "../results/events.ts";
import type { Pipeline } from "../spec/mod.ts";
import { EventStream } from "./event_stream.ts";
import type { OpenedRun } from "./opened_run.ts";
import type { RunCall, RunControl, RunSettings } from "./run_options.ts";

/** A run in progress. Its events are read by `for await`, by any number of readers; one that ends early ends no run. */
export interface Run extends AsyncIterable<RunEvent> {
  /** What the run found, once it is done; fails with the error that ended the run. */
  readonly result: Promise<OpenedRun>;
}

/** Starts a run by options that are known to be sound. */
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
      // Who reads the events learns of an error there.
      result.catch(() => {});
      return stream.read();
    },
  };
}

async function perform(stream: EventStream, call: RunCall): Promise<OpenedRun> {
  try {
    // A pipeline file imports this one, and declares without what runs models. Meanwhile readers ask for events.
    const { performRun } = await import("./perform_run.ts");
    const opened = await performRun(call, (event) => stream.emit(event));
    stream.end({});
    return opened;
  } catch (error) {
    stream.end({ error });
    throw error;
  }
}
