/**
 * A run in a tab, replacing `interface/perform_run.ts`: it runs a pipeline that the page declares, with the usual
 * results and trained edits, but without a report, for which the page has the events.
 *
 * @module
 */
import { runFailed } from "../../interface/run_failed.ts";
import { callerFolder, callerPath } from "../../cli/requests/caller_paths.ts";
import { expandPipeline } from "../../cli/requests/expand_pipeline.ts";
import { openRunContext } from "../../cli/requests/open_run_context.ts";
import { RequestError } from "../../common/errors.ts";
import { type OpenedRun, openedRun } from "../../interface/opened_run.ts";
import type { RunCall } from "../../interface/run_options.ts";
import { RunFolder } from "../../report/run_folder.ts";
import type { Emit } from "../../results/events.ts";
import { runPipeline } from "../../schedule/run/run.ts";
import { openTab } from "./tab.ts";

/**
 * Runs a pipeline. Every run ends with an event that says how it ended.
 *
 * @throws {RequestError} If the request is invalid.
 * @throws {RunError} If the run fails.
 */
export async function performRun(call: RunCall, emit: Emit): Promise<OpenedRun> {
  try {
    return await perform(call, emit);
  } catch (error) {
    emit(runFailed(error));
    throw error;
  }
}

async function perform({ pipeline, overrides, options, control }: RunCall, emit: Emit): Promise<OpenedRun> {
  const start = performance.now();
  if (typeof pipeline === "string") {
    throw new RequestError("a page runs a pipeline that it declares; give what pipeline(…) returned, not a path");
  }
  const tab = await openTab(), { name } = pipeline, expansion = expandPipeline(pipeline, overrides);
  const base = options.base === undefined ? callerFolder() : callerPath(options.base);
  using folder = new RunFolder(callerPath(options.out ?? `runs/${name}`));
  emit({ kind: "runStarted", pipeline: name, folder: folder.path });
  const { threads = tab.threads, provider = "cpu" } = options;
  await using runContext = openRunContext({ base, threads, provider }, options, emit, control);
  const { results } = await runPipeline(runContext, name, expansion, folder);
  const seconds = (performance.now() - start) / 1000;
  emit({ kind: "runDone", pipeline: name, folder: folder.path, members: results.members.length, seconds });
  return openedRun(folder.path, { results, files: folder.written });
}
