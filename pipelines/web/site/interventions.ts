/** The page's intervention, as a folder and as a zip. @module */
import { basename } from "node:path";
import { type Unzipped, unzipSync, zipSync } from "fflate";
import { publishFolder } from "../../common/durable.ts";
import { RequestError } from "../../common/errors.ts";
import { faultText, readFileIfPresent } from "../../common/files.ts";
import { system } from "../../common/system.ts";
import { requireSoundTensors } from "../../compile/parameters/initial.ts";
import { interventionFileNames, readDescription } from "../../compile/parameters/intervention_file.ts";
import { siteFolder } from "./site_folder.ts";

/** Where a page keeps it. */
export const folder = `${siteFolder}/intervention`;

const names = Object.values(interventionFileNames);

/** The file with the base model as the page names it: where that is downloaded, the description names a folder. */
const baseFile = "base.txt";

/** Whether there is one. */
export function isTuned(): boolean {
  try {
    return names.every((name) => system.statSync(`${folder}/${name}`).isFile);
  } catch {
    return false;
  }
}

/** Keeps what a run has trained for a base model. */
export async function keep(trained: string, base: string): Promise<void> {
  const files = Object.fromEntries(names.map((name) => [name, system.readFileSync(`${trained}/${name}`)]));
  await replaceBy(await written(files, base));
}

/** A zip of it, and the base model that it is for. */
export async function zipped(): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly base: string }> {
  if (!isTuned()) throw new RequestError("nothing is trained yet; train first");
  const bytes = zipSync(
    Object.fromEntries(names.map((name) => [`intervention/${name}`, system.readFileSync(`${folder}/${name}`)])),
  ).slice();
  return { bytes, base: await trainedBase() };
}

/** The base model that it is for, as a page names it. */
export async function trainedBase(): Promise<string> {
  const base = await readFileIfPresent(`${folder}/${baseFile}`);
  return base === undefined ? (await readDescription(folder)).base : new TextDecoder().decode(base);
}

/**
 * {@linkcode unzipped} for the edit in a link, whose errors name the link.
 *
 * @param base The base model that the link names.
 */
export async function unzippedFromLink(bytes: Uint8Array, base: string): Promise<string> {
  try {
    return await unzipped(bytes, base);
  } catch (fault) {
    if (!(fault instanceof RequestError)) throw fault;
    const [finding = ""] = fault.message.split(";");
    throw new RequestError(`the link's edit is damaged (${finding}); request the link again`).causedBy(fault);
  }
}

/**
 * Imports what another page has trained. Until it is known to be whole, the present one stays.
 *
 * @param named The base model, where a link names it.
 * @returns The base model that it is for.
 * @throws {RequestError} If it is not an intervention.
 */
export async function unzipped(bytes: Uint8Array, named?: string): Promise<string> {
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
  const fresh = await written(Object.fromEntries(wanted), named);
  try {
    const { base } = await readDescription(fresh);
    await requireSoundTensors(`${fresh}/${interventionFileNames.tensors}`);
    await replaceBy(fresh);
    return named ?? base;
  } catch (fault) {
    await system.remove(fresh, { recursive: true }).catch(() => {});
    if (!(fault instanceof RequestError) || fault.location === undefined) throw fault;
    // Where it was unpacked means nothing to a visitor.
    const { file, ...place } = fault.location;
    throw new RequestError(fault.problem, { ...place, file: basename(file) }).causedBy(fault);
  }
}

/** The maximum unpacked size of a file in a zip, in bytes. */
const mostUnpacked = 2 ** 28;

async function replaceBy(fresh: string): Promise<void> {
  await system.remove(folder, { recursive: true }).catch(() => {});
  await publishFolder(fresh, folder);
}

/** Writes an intervention beside the present one. */
async function written(files: Readonly<Record<string, Uint8Array>>, base: string | undefined): Promise<string> {
  const fresh = `${folder}.${crypto.randomUUID()}`;
  await system.mkdir(fresh, { recursive: true });
  const named = base === undefined ? {} : { [baseFile]: new TextEncoder().encode(base) };
  for (const [name, content] of Object.entries({ ...files, ...named })) {
    using file = system.openSync(`${fresh}/${name}`, { write: true, createNew: true });
    file.writeSync(content);
    file.syncSync();
  }
  return fresh;
}
