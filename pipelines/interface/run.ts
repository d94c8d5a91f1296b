/** Runs a pipeline from a program, as `deno task run` does. @module */
import { StoppedError } from "../common/errors.ts";
import { requireCall } from "../dsl/calls.ts";
import { overridesOfValues } from "../recipes/overrides.ts";
import type { Pipeline } from "../spec/mod.ts";
import { requireRunOptions, type RunOptions } from "./run_options.ts";
import { type Run, startRun } from "./start_run.ts";

/**
 * Runs a pipeline: computes what the store does not hold, writes the run folder, and reports progress.
 *
 * @param pipeline A pipeline, or the path of its file or of a recipe.
 * @returns The run, which has started. Its iterator yields every event from the first if it is created immediately.
 * @throws {RequestError} If an option is invalid; other errors are reported by the run.
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
 * assert.deepEqual(member!.stages.map(({ name, kind }) => [name, kind]), [["loreft", "train"], ["score", "evaluate"]]);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export function run(pipeline: string | Pipeline, options: RunOptions = {}): Run {
  requireCall("run", arguments);
  requireRunOptions(options);
  const { set = {}, signal, ...others } = options;
  return startRun(pipeline, overridesOfValues(set), others, signal === undefined ? {} : { signal: stopsOf(signal) });
}

/** A signal whose reason is that the run was stopped, which the reason of the caller's own signal may not be. */
function stopsOf(signal: AbortSignal): AbortSignal {
  const controller = new AbortController(), stop = () => controller.abort(new StoppedError(130));
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  return controller.signal;
}
