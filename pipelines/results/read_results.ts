/** Reads results.json, which may come from someone else. @module */
import { join } from "node:path";
import { RequestError } from "../common/errors.ts";
import { isJsonObject, mostJson, parseJsonObject, readFileIfPresent, requireFolder } from "../common/files.ts";
import { innerPath } from "../common/inner_path.ts";
import { digestMember, hasOwnDigest, sealedJson } from "../common/own_digest.ts";
import type { Results } from "./results.ts";
import { isResults } from "./shapes.ts";

/** The file's name within a run folder. */
export const resultsFile = "results.json";

/** SHA-256 digests in hex, by the files' paths within the run folder, with slashes. */
export type WrittenFiles = ReadonlyMap<string, string>;

/** A run's results, and the other files that it wrote. */
export interface RecordedRun {
  readonly results: Results;
  /** Empty for a run of an earlier version. */
  readonly files: WrittenFiles;
}

/** The members of results.json that are not results: its own digest, and those of the run's other files. */
const members = { own: "digest", files: "files" } as const;

/** The text of results.json. */
export function formatResults(results: Results, files: WrittenFiles): string {
  return sealedJson({ ...results, [members.files]: Object.fromEntries(files) });
}

/**
 * A run's results.
 *
 * @param folder The run's.
 * @returns `undefined` if there are no results. Throws a RequestError if they are not in the format that a run writes,
 * are not what this run wrote, or name a file outside the folder.
 */
export async function readRun(folder: string): Promise<RecordedRun | undefined> {
  const file = join(folder, resultsFile);
  await innerPath(folder, resultsFile);
  const bytes = await readFileIfPresent(file, mostJson);
  if (bytes === undefined) return undefined;
  const { [members.own]: own, [members.files]: listed, ...found } = parseJsonObject(
    bytes,
    file,
    "run the pipeline again",
  );
  const files = listed ?? {};
  if (!isResults(found) || !isListOfFiles(files)) {
    throw new RequestError("has no results of a run; run the pipeline again", { file });
  }
  const carries = own !== undefined || listed !== undefined;
  if (carries && hasOwnDigest(new TextDecoder().decode(bytes), digestMember) !== true) {
    throw new RequestError(
      'is damaged, its content has changed since it was written; run the pipeline again (or remove "digest" and "files" from it, ' +
        "if the change is yours)",
      { file },
    );
  }
  for (const { id, stages } of found.members) {
    for (const path of [id, `members/${id}`]) await innerPath(folder, path, file);
    for (const stage of stages) if (stage.kind === "evaluate") await innerPath(folder, stage.predictions, file);
  }
  return { results: found, files: new Map(Object.entries(files)) };
}

/**
 * The same of a run that must have results.
 *
 * @throws {RequestError} If the folder is not that of a finished run, and if {@linkcode readRun} throws one.
 */
export async function requireRun(folder: string): Promise<RecordedRun> {
  const wanted = "the folder of a finished run";
  await requireFolder(folder, wanted);
  const found = await readRun(folder);
  if (found !== undefined) return found;
  throw new RequestError(`there is no ${resultsFile}; give ${wanted}`, { file: folder });
}

/** The results of {@linkcode readRun}. */
export async function readResults(folder: string): Promise<Results | undefined> {
  return (await readRun(folder))?.results;
}

function isListOfFiles(value: unknown): value is Readonly<Record<string, string>> {
  const isDigest = (digest: unknown) => typeof digest === "string" && /^[0-9a-f]{64}$/.test(digest);
  return isJsonObject(value) && Object.values(value).every(isDigest);
}
