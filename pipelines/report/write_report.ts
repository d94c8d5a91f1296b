/** A run's report, drawn from what is in its folder. @module */
import { basename, join } from "node:path";
import { RequestError } from "../common/errors.ts";
import { isJsonObject, type JsonObject, readFileIfPresent, readJsonObject } from "../common/files.ts";
import { innerPath } from "../common/inner_path.ts";
import { ofKind } from "../common/of_kind.ts";
import { interventionFileNames, readDescription } from "../compile/parameters/intervention_file.ts";
import { trainedIds } from "../compile/parameters/trained_interventions.ts";
import { requireSound } from "../models/weights/sealed_file.ts";
import { csvOf } from "./csv.ts";
import { eventsOf } from "./event_files.ts";
import { pageOf } from "./html.ts";
import { liveFile, type LiveState } from "./live.ts";
import type { MemberRecord } from "../results/results.ts";
import { readPredictions } from "../results/read_predictions.ts";
import { readResults, resultsFile } from "../results/read_results.ts";
import { isMember, isStage } from "../results/shapes.ts";
import { manifestFile, readManifest } from "./manifest.ts";
import { removeRunTemporaries } from "../store/temporaries.ts";
import { RunFolder } from "./run_folder.ts";
import { type ReportPrediction, type ReportSource, viewOf } from "./view.ts";

/** The files of a report within a run's folder. */
export const reportFiles = { page: "report.html", table: "results.csv", events: "tensorboard" } as const;

/** Rows of a predictions file that samples are taken from. */
const mostPredictions = 200;

/**
 * Writes report.html, results.csv and an event file for each member.
 *
 * @param folder A run's folder.
 * @throws {RequestError} If there are no results in it, or a trained edit is damaged.
 */
export async function writeReport(folder: string): Promise<void> {
  const source = await readSource(folder), { members } = source.results, out = new RunFolder(folder);
  removeRunTemporaries(folder);
  await out.text(reportFiles.table, csvOf(source.results));
  const time = Date.parse(source.made) / 1000;
  for (const member of members) {
    // One name for all times: TensorBoard would add an earlier file's events to these.
    const path = join(reportFiles.events, member.id, "events.out.tfevents.0.refract");
    await out.bytes(path, eventsOf(member, time));
  }
  await out.text(reportFiles.page, await pageOf(viewOf(source)));
}

/** What a page that follows a run is made of: what the run shows while it goes on, then its results. */
export async function readLiveSource(folder: string): Promise<ReportSource> {
  const livePath = await innerPath(folder, liveFile);
  const live = await readJsonObject(livePath, "run the pipeline again").catch(() => undefined);
  if (live !== undefined && isLiveState(live)) return liveSource(live);
  const hasEnded = await Deno.stat(join(folder, resultsFile)).then(() => true, () => false);
  if (hasEnded) return { ...await readSource(folder), isLive: true };
  const results = { pipeline: basename(folder), members: [], encode: [] };
  return { ...bare, results, made: "", now: "waiting for the run to begin" };
}

const bare = { machine: [], manifest: "", predictions: () => [], isLive: true } as const;

function isLiveState(value: JsonObject): value is JsonObject & LiveState {
  const { pipeline, begun, now, members, trainings } = value;
  return [pipeline, begun, now].every((each) => typeof each === "string") && Array.isArray(members) &&
    members.every(isMember) && Array.isArray(trainings) && trainings.every(isLiveTraining);
}

function isLiveTraining(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { name, losses, validation } = value;
  const bare = { kind: "train", cached: false, seconds: 0, steps: 0, stepSeconds: [] };
  return isStage({ ...bare, name, losses, validation });
}

/** Trainings at work are shown as members until theirs are done. */
function liveSource({ pipeline, begun, now, members, trainings }: LiveState): ReportSource {
  const atWork = trainings.map(({ name, losses, validation }): MemberRecord => ({
    id: name,
    axes: {},
    trainableParameters: 0,
    stages: [{
      name,
      kind: "train",
      cached: false,
      seconds: 0,
      steps: losses.length,
      losses,
      stepSeconds: [],
      validation,
    }],
  }));
  return { ...bare, results: { pipeline, members: [...members, ...atWork], encode: [] }, made: `begun ${begun}`, now };
}

/** What a report is made of, from a run's folder. */
async function readSource(folder: string): Promise<ReportSource> {
  const results = await readResults(folder);
  if (results === undefined) {
    throw new RequestError("there is no results.json; give the folder of a run that has ended", { file: folder });
  }
  for (const id of await trainedIds(folder)) {
    const trained = await innerPath(folder, join("members", id, "intervention"));
    await readDescription(trained);
    await requireSound(join(trained, interventionFileNames.tensors));
  }
  const manifestPath = await innerPath(folder, manifestFile), manifest = await readFileIfPresent(manifestPath);
  const found = await readManifest(manifestPath);
  const paths = new Set(results.members.flatMap(({ stages }) => {
    return ofKind(stages, "evaluate").map(({ predictions }) => predictions);
  }));
  const predictions = new Map<string, readonly ReportPrediction[]>();
  for (const path of paths) {
    predictions.set(path, await readPredictions(await innerPath(folder, path), mostPredictions));
  }
  return {
    results,
    made: (await Deno.stat(join(folder, resultsFile))).mtime?.toISOString().slice(0, 19).replace("T", " ") + "Z",
    machine: found === undefined ? [] : [found.provider, `${found.threads} threads`, ...found.versions],
    manifest: manifest === undefined ? "" : new TextDecoder().decode(manifest),
    predictions: (path) => predictions.get(path) ?? [],
  };
}
