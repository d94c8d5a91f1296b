/** A run from its request to its folder: what the command line and programs have in common. @module */
import { runFailed } from "./run_failed.ts";
import { existsSync } from "node:fs";
import { system } from "../common/system.ts";
import { callerPath } from "../cli/requests/caller_paths.ts";
import { loadRequest } from "../cli/requests/load_request.ts";
import { openRunContext } from "../cli/requests/open_run_context.ts";
import { EventLog } from "../report/event_log.ts";
import { LiveLog } from "../report/live.ts";
import { formatManifest, type Manifest, manifestFile, pipelineFile } from "../report/manifest.ts";
import { record } from "../report/record.ts";
import { MlflowLog } from "../report/mlflow/log.ts";
import { mlflowServer } from "../report/mlflow/server.ts";
import { RunFolder } from "../report/run_folder.ts";
import type { Watcher } from "../report/watcher.ts";
import { writeReport } from "../report/write_report.ts";
import type { Emit } from "../results/events.ts";
import { crowding, parseDevices } from "../schedule/context/devices.ts";
import { noteTo } from "../schedule/context/work.ts";
import { runPipeline } from "../schedule/run/run.ts";
import { spreadUnits } from "../schedule/units/spread_units.ts";
import { type OpenedRun, openedRun } from "./opened_run.ts";
import { compare, manifestOf, runPath } from "./run_manifest.ts";
import type { RunCall } from "./run_options.ts";

/**
 * Runs a pipeline and writes its folder. Every run ends with an event that says how it ended.
 *
 * @throws {RequestError} If the request is invalid.
 * @throws {RunError} If the run fails.
 */
export async function performRun(call: RunCall, shown: Emit): Promise<OpenedRun> {
  const watchers: Watcher[] = [];
  const emit: Emit = (event) => {
    shown(event);
    for (const watcher of watchers) watcher.take(event);
  };
  try {
    return await perform(call, watchers, emit);
  } catch (error) {
    emit(runFailed(error));
    throw error;
  } finally {
    for (const watcher of watchers) await watcher.close();
  }
}

let lastTurn: Promise<unknown> = Promise.resolve();

/**
 * Loads pipelines one after another, because what a file declares while it is imported is attributed to the current
 * one.
 */
function inTurn<T>(load: () => Promise<T>): Promise<T> {
  const loaded = lastTurn.then(load);
  lastTurn = loaded.catch(() => {});
  return loaded;
}

async function perform({ pipeline, overrides, options, control }: RunCall, watchers: Watcher[], emit: Emit) {
  const start = performance.now();
  const request = await inTurn(() => loadRequest(pipeline, { ...options, overrides })), { file } = request;
  using folder = new RunFolder(runPath(request, options.out));
  const { name } = request.pipeline, note = noteTo(emit);
  watchers.push(new LiveLog(folder.path, name));
  const log = options.log === undefined ? undefined : new EventLog(callerPath(options.log), note);
  if (log !== undefined) watchers.push(log);
  const { mlflow, mlflowExperiment = name } = options;
  if (mlflow !== undefined) watchers.push(new MlflowLog(mlflowServer(mlflow, mlflowExperiment), note));
  emit({ kind: "runStarted", pipeline: name, folder: folder.path });
  const crowded = options.devices === undefined ? undefined : crowding(parseDevices(options.devices));
  if (crowded !== undefined) note(crowded);
  await using runContext = openRunContext(request, options, emit, control);
  const madeStore = existsSync(runContext.store.folder) ? {} : { madeStore: runContext.store.folder };
  let manifest: Manifest | undefined;
  // As it is now: the file may be edited during the run.
  const source = file === undefined ? undefined : await system.readFile(file);
  const { results } = await runPipeline(runContext, name, request.expansion, folder, {
    ...runContext.devices.length > 1 ? { spread: spreadUnits } : {},
    ready: async (all) => {
      // What is not declared in a file cannot be read again.
      if (file !== undefined) {
        const recorded = await record(runContext, { ...request, file }, all, folder.path);
        compare(request, recorded, { set: [...overrides.keys()], allowed: options.allowChanges ?? false }, note);
        manifest = manifestOf({ ...request, file }, recorded, folder.path);
      }
      log?.open();
    },
    async done() {
      if (manifest !== undefined) await folder.text(manifestFile, formatManifest(manifest));
      if (source !== undefined) await folder.bytes(pipelineFile, source);
    },
  });
  await writeReport(folder.path);
  const seconds = (performance.now() - start) / 1000;
  emit({
    kind: "runDone",
    pipeline: name,
    folder: folder.path,
    members: results.members.length,
    seconds,
    ...madeStore,
  });
  return openedRun(folder.path, { results, files: folder.written });
}
