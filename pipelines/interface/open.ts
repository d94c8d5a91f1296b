/** Reads a run folder from a program. @module */
import { requireCall } from "../dsl/calls.ts";
import { requireRun } from "../results/read_results.ts";
import { type OpenedRun, openedRun } from "./opened_run.ts";

/**
 * Reads a run's results.
 *
 * @param folder The run folder, absolute or relative to the folder of the process.
 * @throws {RequestError} If it has no results, or results that no run wrote.
 *
 * @example The metrics of each member
 * ```ts
 * import assert from "node:assert/strict";
 * import { baseModel, evaluate, exactMatch, greedy, open, pipeline, records, run, sweep } from "refract";
 *
 * const rows = records([{ q: "sky", a: "blue" }, { q: "grass", a: "green" }], { prompt: "{q}:", completion: " {a}" });
 * const declared = pipeline("untrained", () => {
 *   const decoding = greedy({ maxNewTokens: sweep("length", [1, 2]) });
 *   return { score: evaluate(baseModel("builtin:tiny"), { data: rows, decoding, metrics: [exactMatch()] }) };
 * });
 * const place = await Deno.makeTempDir();
 * await run(declared, { out: `${place}/run`, store: `${place}/store`, threads: 1 }).result;
 *
 * const opened = await open(`${place}/run`);
 * assert.deepEqual(opened.members.map(({ id }) => id), ["length=1", "length=2"]);
 * const [first] = await opened.member("length=1").predictions();
 * assert.equal(first!.prompt, "sky:");
 * await Deno.remove(place, { recursive: true });
 * ```
 */
export async function open(folder: string): Promise<OpenedRun> {
  requireCall("open", arguments);
  return openedRun(folder, await requireRun(folder));
}
