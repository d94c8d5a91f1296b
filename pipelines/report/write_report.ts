/** A run's report, written from its folder. @module */
import { basename, join } from "node:path";
import { system } from "../common/system.ts";
import { isJsonObject, type JsonObject, readFileIfPresent, readJsonObject } from "../common/files.ts";
import { innerPath } from "../common/inner_path.ts";
import { ofKind } from "../common/of_kind.ts";
import { interventionFileNames, readDescription } from "../compile/parameters/intervention_file.ts";
import { trainedIds } from "../compile/parameters/trained_interventions.ts";
import { requireSound } from "../models/weights/sealed_file.ts";
import { csvOf } from "./csv.ts";
import { eventsOf } from "./event_files.ts";
import { pageOf } from "./html.ts";
import { liveFile, type LiveState, silenceOf } from "./live.ts";
import type { MemberRecord } from "../results/results.ts";
import { eachPrediction } from "../results/read_predictions.ts";
import { requireRun, resultsFile } from "../results/read_results.ts";
import { readRunFile, type RunFiles } from "../results/written_files.ts";
import { isMember, isStage } from "../results/shapes.ts";
import { manifestFile, pipelineFile, readManifest } from "./manifest.ts";
import { ReportPredictions } from "./report_predictions.ts";
import type { ReportSource } from "./report_source.ts";
import type { RunState } from "./report_view.ts";
import { removeRunTemporaries } from "../store/temporaries.ts";
import { RunFolder } from "./run_folder.ts";
import { viewOf } from "./view.ts";

/** The files of a report within a run folder. */
export const reportFiles = { page: "report.html", table: "results.csv", events: "tensorboard" } as const;

/**
 * Writes report.html, results.csv and an event file for each member.
 *
 * @param folder A run folder.
 * @throws {RequestError} If it contains no results, or a trained edit is damaged.
 */
export async function writeReport(folder: string): Promise<void> {
  const source = await readSource(folder), { members } = source.results, out = new RunFolder(folder);
  removeRunTemporaries(folder);
  await out.text(reportFiles.table, csvOf(source.results));
  const time = Date.parse(source.made) / 1000;
  for (const member of members) {
    // Always the same name: otherwise TensorBoard would combine an earlier file's events with these.
    const path = join(reportFiles.events, member.id, "events.out.tfevents.0.refract");
    await out.bytes(path, eventsOf(member, time));
  }
  await out.text(reportFiles.page, await pageOf(viewOf(source)));
}

/** What a page that follows a run is made from: the live state while it runs, then its results. */
export async function readLiveSource(folder: string): Promise<ReportSource> {
  const livePath = await innerPath(folder, liveFile);
  const live = await readJsonObject(livePath, "run the pipeline again").catch(() => undefined);
  if (live !== undefined && isLiveState(live)) return await liveSource(folder, live);
  const hasEnded = await system.stat(join(folder, resultsFile)).then(() => true, () => false);
  if (hasEnded) return { ...await readSource(folder), isLive: true };
  const results = { pipeline: basename(folder), members: [], encode: [] };
  return { ...bare, results, made: "", predictions: () => noPredictions, state: { kind: "waiting" } };
}

const bare = { machine: [], manifest: "", pipelineText: "", isLive: true } as const;

function isLiveState(value: JsonObject): value is JsonObject & LiveState {
  const { pipeline, begun, written, now, failed, planned, members, trainings } = value;
  const areAll = (list: unknown, is: (each: unknown) => boolean) => Array.isArray(list) && list.every(is);
  return [pipeline, begun, written, now].every((each) => typeof each === "string") && areAll(members, isMember) &&
    areAll(planned, isPlanned) && areAll(trainings, isLiveTraining) &&
    (failed === undefined || isJsonObject(failed) && typeof failed["message"] === "string");
}

/** Validated as a member without stages. */
function isPlanned(value: unknown): boolean {
  return isJsonObject(value) && typeof value["repeated"] === "string" && isMember({ ...value, stages: [] });
}

function isLiveTraining(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { member, stage: name, losses, validation } = value;
  const bare = { kind: "train", cached: false, seconds: 0, steps: 0, stepSeconds: [] };
  return typeof member === "string" && isStage({ ...bare, name, losses, validation });
}

async function liveSource(folder: string, live: LiveState): Promise<ReportSource> {
  const { pipeline, begun, members, planned, trainings } = live;
  // The files that a run writes are known once it is done.
  const unknown = { folder, files: new Map() };
  return {
    ...bare,
    pipelineText: await textIn(unknown, pipelineFile),
    results: { pipeline, members, encode: [] },
    made: `begun ${shownTime(begun)}`,
    predictions: await predictionsIn(unknown, members),
    state: stateOf(live),
    unfinished: { planned, trainings },
  };
}

function stateOf(live: LiveState): RunState {
  const { now, failed, written } = live;
  if (failed !== undefined) return { kind: failed.stopped ? "stopped" : "failed", now, message: failed.message };
  if (silenceOf(live, Date.now()) !== undefined) return { kind: "silent", now, since: shownTime(written) };
  return { kind: "running", now };
}

const shownTime = (time: string) => time.slice(0, 19).replace("T", " ") + "Z";

/** What a report is made from, read from a run folder. */
async function readSource(folder: string): Promise<ReportSource> {
  const { results, files } = await requireRun(folder), run = { folder, files };
  for (const id of await trainedIds(folder)) {
    const trained = await innerPath(folder, join("members", id, "intervention"));
    await readDescription(trained);
    await requireSound(join(trained, interventionFileNames.tensors));
  }
  const manifestPath = await innerPath(folder, manifestFile), manifest = await readFileIfPresent(manifestPath);
  const paths = await readManifest(manifestPath);
  return {
    results,
    made: shownTime((await system.stat(join(folder, resultsFile))).mtime?.toISOString() ?? ""),
    machine: paths === undefined
      ? []
      : [paths.provider, `${paths.threads} thread${paths.threads === "1" ? "" : "s"}`, ...paths.versions],
    manifest: manifest === undefined ? "" : new TextDecoder().decode(manifest),
    pipelineText: await textIn(run, pipelineFile),
    predictions: await predictionsIn(run, results.members),
  };
}

/** The predictions of members' evaluations, by their paths. */
async function predictionsIn(run: RunFiles, members: readonly MemberRecord[]): Promise<ReportSource["predictions"]> {
  const paths = new Set(members.flatMap(({ stages }) => {
    return ofKind(stages, "evaluate").map(({ predictions }) => predictions);
  }));
  // Members predict the same rows, whose texts are kept once.
  const texts = new Map<string, string>(), once = (text: string) => texts.getOrInsert(text, text);
  const predictions = new Map<string, ReportPredictions>();
  for (const path of paths) {
    const rows = new ReportPredictions(once);
    for await (const row of eachPrediction(run, path)) rows.add(row);
    predictions.set(path, rows);
  }
  return (path) => predictions.get(path) ?? noPredictions;
}

const noPredictions = new ReportPredictions();

/** A text file in the folder; empty if there is none. */
async function textIn(run: RunFiles, name: string): Promise<string> {
  const bytes = await readRunFile(run, name);
  return bytes === undefined ? "" : new TextDecoder().decode(bytes);
}
