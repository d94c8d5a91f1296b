/** Running a pipeline from a program, as `deno task run` does. @module */
import { StoppedError } from "../common/errors.ts";
import { requireCall } from "../dsl/calls.ts";
import { type Overrides, overridesOfValues } from "../recipes/overrides.ts";
import type { RunEvent } from "../results/events.ts";
import type { Pipeline } from "../spec/mod.ts";
import { EventStream } from "./event_stream.ts";
import type { OpenedRun } from "./opened_run.ts";
import { requireRunOptions, type RunCall, type RunControl, type RunOptions, type RunSettings } from "./run_options.ts";

/** A run that goes on. Its events are read by `for await`, by any number of readers; one that ends early ends no run. */
export interface Run extends AsyncIterable<RunEvent> {
  /** What the run found, once it is done; fails with the error that ended the run. */
  readonly result: Promise<OpenedRun>;
}

/**
 * Runs a pipeline: computes what the store does not hold, writes the run's folder, and says what it does as it goes on.
 *
 * @param pipeline A pipeline, or the path of its file or of a recipe.
 * @returns The run, which has begun. Its iterator gives every event from the first if it is asked for at once.
 * @throws {RequestError} If an option is not sound; what else is wrong is told by the run.
 *
 * @example Training an edit, and reading its losses
 * ```ts
 * import assert from "node:assert/strict";
 * import { adamw, baseModel, block, evaluate, greedy, exactMatch, loreft, pipeline, records, run, train } from "refract";
 *
 * const colours = records([{ q: "sky", a: "blue" }, { q: "grass", a: "green" }], { prompt: "{q}:", completion: " {a}" });
 * const declared = pipeline("colours", () => {
 *   const edited = baseModel("builtin:tiny").with(loreft({ at: block(2).output, positions: "l1", rank: 2 }));
 *   const tuned = train(edited, { data: colours, epochs: 3, batchSize: 2, optimizer: adamw({ learningRate: 0.01 }) });
 *   return { score: evaluate(tuned, { data: colours, decoding: greedy({ maxNewTokens: 4 }), metrics: [exactMatch()] }) };
 * });
 *
 * const folder = await Deno.makeTempDir(), losses: number[] = [];
 * const running = run(declared, { out: `${folder}/run`, store: `${folder}/store`, threads: 1 });
 * for await (const event of running) {
 *   if (event.kind === "step") losses.push(event.members[0]!.loss);
 * }
 * const { members: [member] } = await running.result;
 * assert.equal(losses.length, 3);
 * assert.deepEqual(member!.stages.map(({ name, kind }) => [name, kind]), [["score", "train"], ["score", "evaluate"]]);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export function run(pipeline: string | Pipeline, options: RunOptions = {}): Run {
  requireCall("run", arguments);
  requireRunOptions(options);
  const { set = {}, signal, ...others } = options;
  return startRun(pipeline, overridesOfValues(set), others, signal === undefined ? {} : { signal: stopsOf(signal) });
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

/** A signal whose reason says that the run was stopped, as the reason of the caller's own may not. */
function stopsOf(signal: AbortSignal): AbortSignal {
  const controller = new AbortController(), stop = () => controller.abort(new StoppedError(130));
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  return controller.signal;
}
