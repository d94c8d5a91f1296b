/** Reading results.json, which someone else may have written. @module */
import { join } from "node:path";
import { RequestError } from "../common/errors.ts";
import { isJsonObject, mostJson, parseJsonObject, readFileIfPresent } from "../common/files.ts";
import { innerPath } from "../common/inner_path.ts";
import { digestMember, hasOwnDigest, sealedJson } from "../common/own_digest.ts";
import type { Results } from "./results.ts";
import { isResults } from "./shapes.ts";

/** The file's name within a run's folder. */
export const resultsFile = "results.json";

/** Digests, SHA-256 in hex, by the files' paths within the run's folder, with slashes. */
export type WrittenFiles = ReadonlyMap<string, string>;

/** What a run found, and what it wrote besides. */
export interface RecordedRun {
  readonly results: Results;
  /** Nothing of a run of an earlier version. */
  readonly files: WrittenFiles;
}

/** The members of results.json that are no results: its own digest, and those of the run's other files. */
const members = { own: "digest", files: "files" } as const;

/** The text of results.json. */
export function formatResults(results: Results, files: WrittenFiles): string {
  return sealedJson({ ...results, [members.files]: Object.fromEntries(files) });
}

/**
 * What a run found.
 *
 * @param folder The run's.
 * @returns Nothing if there are no results. Throws a RequestError if they are not as a run writes them, are not what
 * this one wrote, or name a file outside the folder.
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
    throw new RequestError("holds no results of a run; run the pipeline again", { file });
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

/** The results of {@linkcode readRun}. */
export async function readResults(folder: string): Promise<Results | undefined> {
  return (await readRun(folder))?.results;
}

function isListOfFiles(value: unknown): value is Readonly<Record<string, string>> {
  const isDigest = (digest: unknown) => typeof digest === "string" && /^[0-9a-f]{64}$/.test(digest);
  return isJsonObject(value) && Object.values(value).every(isDigest);
}
