/** The page's intervention, as a folder and as a zip. @module */
import { type Unzipped, unzipSync, zipSync } from "fflate";
import { publishFolder } from "../../common/durable.ts";
import { RequestError } from "../../common/errors.ts";
import { faultText } from "../../common/files.ts";
import { system } from "../../common/system.ts";
import { interventionFileNames, readDescription } from "../../compile/parameters/intervention_file.ts";

/** Where a page keeps it. */
export const folder = "/home/intervention";

const names = Object.values(interventionFileNames);

/** Whether there is one. */
export function isTuned(): boolean {
  try {
    return names.every((name) => system.statSync(`${folder}/${name}`).isFile);
  } catch {
    return false;
  }
}

/** Keeps what a run has trained. */
export async function keep(trained: string): Promise<void> {
  await write(Object.fromEntries(names.map((name) => [name, system.readFileSync(`${trained}/${name}`)])));
}

/** A zip of it. */
export function zipped(): Uint8Array<ArrayBuffer> {
  if (!isTuned()) throw new RequestError("nothing is trained yet; train first");
  return zipSync(
    Object.fromEntries(names.map((name) => [`intervention/${name}`, system.readFileSync(`${folder}/${name}`)])),
  ).slice();
}

/**
 * Imports what another page has trained.
 *
 * @returns The base model that it is for.
 * @throws {RequestError} If it is not an intervention.
 */
export async function unzipped(bytes: Uint8Array): Promise<string> {
  let files: Unzipped;
  try {
    files = unzipSync(bytes, { filter: ({ originalSize }) => originalSize < mostUnpacked });
  } catch (fault) {
    throw new RequestError(`that is not a zip (${faultText(fault)}); use one written by a page like this`);
  }
  const found = Object.entries(files).map(([path, content]) =>
    [path.slice(path.lastIndexOf("/") + 1), content] as const
  );
  const wanted = new Map(found.filter(([name]) => names.some((each) => each === name)));
  if (wanted.size < names.length) {
    throw new RequestError(`the zip has no ${names.join(" and ")}; use the zip of an intervention`);
  }
  await write(Object.fromEntries(wanted));
  return (await readDescription(folder)).base;
}

/** The maximum unpacked size of a file in a zip, in bytes. */
const mostUnpacked = 2 ** 28;

async function write(files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  const fresh = `${folder}.${crypto.randomUUID()}`;
  await system.mkdir(fresh, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    using file = system.openSync(`${fresh}/${name}`, { write: true, createNew: true });
    file.writeSync(content);
    file.syncSync();
  }
  await system.remove(folder, { recursive: true }).catch(() => {});
  await publishFolder(fresh, folder);
}
