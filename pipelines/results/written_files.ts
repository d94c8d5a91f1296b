/** The files that a run wrote besides its results: a file that was changed is refused by name. @module */
import { createHash } from "node:crypto";
import { dirname, join, relative } from "node:path";
import { digestOf } from "../common/digest.ts";
import { RequestError } from "../common/errors.ts";
import { faultText, readFileIfPresent } from "../common/files.ts";
import { innerPath, slashed } from "../common/inner_path.ts";
import { system } from "../common/system.ts";
import { readRun, resultsFile, type WrittenFiles } from "./read_results.ts";

/** A run folder, and what the run wrote there. */
export interface RunFiles {
  readonly folder: string;
  readonly files: WrittenFiles;
}

/**
 * A file of a run.
 *
 * @returns `undefined` if it does not exist. Throws a RequestError if it is not what the run wrote, or is outside the
 * folder.
 */
export async function readRunFile({ folder, files }: RunFiles, path: string): Promise<Uint8Array | undefined> {
  const file = await innerPath(folder, path), bytes = await readFileIfPresent(file), written = files.get(slashed(path));
  if (bytes !== undefined && written !== undefined) requireWritten(bytes, written, file);
  return bytes;
}

/**
 * A file of a run in chunks; none if it does not exist.
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
    // A pipe would never end, and opening one blocks.
    if (!(await system.stat(file)).isFile) throw new RequestError("is not a file; run the pipeline again", { file });
    // An empty file has a digest too.
    yield new Uint8Array();
    yield* (await system.open(file)).readable;
  } catch (fault) {
    if (fault instanceof RequestError) throw fault;
    if (fault instanceof system.errors.NotFound) return;
    throw new RequestError(`can't be read (${faultText(fault)}); check its permissions`, { file });
  }
}

/** How many levels up a run folder is searched for. */
const mostAbove = 6;

/**
 * If a file given by its path belongs to a run, requires that it is what the run wrote.
 *
 * @throws {RequestError} If it is not.
 */
export async function requireAsWritten(file: string): Promise<void> {
  let folder = dirname(file);
  for (let above = 0; above < mostAbove && dirname(folder) !== folder; above++, folder = dirname(folder)) {
    const isThere = await system.stat(join(folder, resultsFile)).then(({ isFile }) => isFile, () => false);
    if (!isThere) continue;
    // A folder that is not a run's says nothing about the file, and neither do damaged results.
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
    "is damaged, its content is not what the run wrote; run the pipeline again, or copy it out of the run folder if " +
      "you made the change",
    { file },
  );
}
