/** What a run wrote besides its results: a file that is not what was written is refused by its name. @module */
import { createHash } from "node:crypto";
import { dirname, join, relative } from "node:path";
import { digestOf } from "../common/digest.ts";
import { RequestError } from "../common/errors.ts";
import { faultText, readFileIfPresent } from "../common/files.ts";
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

/**
 * A file of a run in chunks; none if it is not there.
 *
 * @throws {RequestError} If it is outside the folder; before the last chunk, if it is not what the run wrote.
 */
export async function* readInChunks({ folder, files }: RunFiles, path: string): AsyncGenerator<Uint8Array> {
  const file = await innerPath(folder, path), written = files.get(slashed(path)), hash = createHash("sha256");
  let last: Uint8Array | undefined;
  for await (const chunk of chunksIfPresent(file)) {
    hash.update(chunk);
    if (last !== undefined) yield last;
    last = chunk;
  }
  if (last === undefined) return;
  if (written !== undefined && hash.digest("hex") !== written) throw damaged(file);
  yield last;
}

async function* chunksIfPresent(file: string): AsyncGenerator<Uint8Array> {
  try {
    // A pipe would never end, and opening one waits.
    if (!(await system.stat(file)).isFile) throw new RequestError("is not a file; run the pipeline again", { file });
    // An empty file has a digest, too.
    yield new Uint8Array();
    yield* (await system.open(file)).readable;
  } catch (fault) {
    if (fault instanceof RequestError) throw fault;
    if (fault instanceof system.errors.NotFound) return;
    throw new RequestError(`can't be read (${faultText(fault)}); check its permissions`, { file });
  }
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
  if (digestOf(bytes) !== written) throw damaged(file);
}

function damaged(file: string): RequestError {
  return new RequestError(
    "is damaged, its content is not what the run wrote; run the pipeline again, or copy it out of the run's folder if " +
      "the change is yours",
    { file },
  );
}
