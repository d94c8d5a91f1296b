/** What a run wrote besides its results: a file that is not what was written is refused by its name. @module */
import { dirname, join, relative } from "node:path";
import { digestOf } from "../common/digest.ts";
import { RequestError } from "../common/errors.ts";
import { readFileIfPresent } from "../common/files.ts";
import { innerPath, slashed } from "../common/inner_path.ts";
import { system } from "../common/system.ts";
import { readRun, resultsFile, type WrittenFiles } from "./read_results.ts";

/** A run's folder, and what the run wrote there. */
export interface RunFiles {
  readonly folder: string;
  readonly files: WrittenFiles;
}

/**
 * A file of a run.
 *
 * @returns Nothing if it is not there. Throws a RequestError if it is not what the run wrote, or outside the folder.
 */
export async function readRunFile({ folder, files }: RunFiles, path: string): Promise<Uint8Array | undefined> {
  const file = await innerPath(folder, path), bytes = await readFileIfPresent(file), written = files.get(slashed(path));
  if (bytes !== undefined && written !== undefined) requireWritten(bytes, written, file);
  return bytes;
}

/** How far up a run's folder is looked for. */
const mostAbove = 6;

/**
 * Requires of a file that someone gives by its path that it is what a run wrote, where it is one of a run's.
 *
 * @throws {RequestError} If it is not.
 */
export async function requireAsWritten(file: string): Promise<void> {
  let folder = dirname(file);
  for (let above = 0; above < mostAbove && dirname(folder) !== folder; above++, folder = dirname(folder)) {
    const isThere = await system.stat(join(folder, resultsFile)).then(({ isFile }) => isFile, () => false);
    if (!isThere) continue;
    // What is no run's says nothing of the file, and neither do damaged results.
    const found = await readRun(folder).catch(() => undefined), path = slashed(relative(folder, file));
    const written = found?.files.get(path);
    const bytes = written === undefined ? undefined : await readFileIfPresent(file);
    if (written !== undefined && bytes !== undefined) requireWritten(bytes, written, file);
    return;
  }
}

function requireWritten(bytes: Uint8Array, written: string, file: string): void {
  if (digestOf(bytes) === written) return;
  throw new RequestError(
    "is damaged, its content is not what the run wrote; run the pipeline again, or copy it out of the run's folder if " +
      "the change is yours",
    { file },
  );
}
