/** A run's report, drawn from what lies in its folder. @module */
import { join } from "node:path";
import { RequestError } from "../errors.ts";
import { readFileIfPresent, readJsonObject } from "../models/files.ts";
import { csvOf } from "./csv.ts";
import { eventsOf } from "./event_files.ts";
import { pageOf } from "./html.ts";
import { manifestFile, readManifest } from "./manifest.ts";
import type { Results } from "./results.ts";
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
 * @throws {RequestError} If there are no results in it.
 */
export async function writeReport(folder: string): Promise<void> {
  const source = await readSource(folder), { members } = source.results, out = new RunFolder(folder);
  await out.text(reportFiles.table, csvOf(source.results));
  const time = Date.parse(source.made) / 1000;
  for (const member of members) {
    const path = join(reportFiles.events, member.id, `events.out.tfevents.${Math.floor(time)}.refract`);
    await out.bytes(path, eventsOf(member, time));
  }
  await out.text(reportFiles.page, await pageOf(viewOf(source)));
}

/** What a report is made of, from a run's folder. */
export async function readSource(folder: string): Promise<ReportSource> {
  const file = join(folder, "results.json"), results = await readJsonObject(file, "run the pipeline again");
  if (results === undefined) {
    throw new RequestError("there is no results.json; give the folder of a run that has ended", { file: folder });
  }
  if (!isResults(results)) throw new RequestError("holds no results of a run; run the pipeline again", { file });
  const manifestPath = join(folder, manifestFile), manifest = await readFileIfPresent(manifestPath);
  const found = await readManifest(manifestPath);
  const paths = new Set(results.members.flatMap(({ stages }) => {
    return stages.flatMap((stage) => stage.kind === "evaluate" ? [stage.predictions] : []);
  }));
  const predictions = new Map<string, readonly ReportPrediction[]>();
  for (const path of paths) predictions.set(path, await readPredictions(join(folder, path)));
  return {
    results,
    made: (await Deno.stat(file)).mtime?.toISOString().slice(0, 19).replace("T", " ") + "Z",
    machine: found === undefined ? [] : describe(found),
    manifest: manifest === undefined ? "" : new TextDecoder().decode(manifest),
    predictions: (path) => predictions.get(path) ?? [],
  };
}

function isResults(value: object): value is Results {
  return "pipeline" in value && "members" in value && Array.isArray(value.members) && "encode" in value;
}

function describe(manifest: object): string[] {
  const { provider, threads, versions } = manifest as Partial<Record<string, unknown>>;
  const named = typeof versions === "object" && versions !== null ? Object.values(versions).map(String) : [];
  return [
    ...typeof provider === "string" ? [provider] : [],
    ...threads === undefined ? [] : [`${threads} threads`],
    ...named,
  ];
}

async function readPredictions(path: string): Promise<ReportPrediction[]> {
  const bytes = await readFileIfPresent(path);
  const lines = bytes === undefined ? [] : new TextDecoder().decode(bytes).split("\n").slice(0, mostPredictions);
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as ReportPrediction);
}
