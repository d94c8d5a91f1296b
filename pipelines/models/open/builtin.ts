/**
 * The models that Refract includes. A copy of Refract that is loaded from a URL fetches them from there and keeps them
 * in the store.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { system } from "../../common/system.ts";
import { RequestError } from "../../common/errors.ts";
import { digestOf } from "../../common/digest.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import { faultText, writeAtomically } from "../../common/files.ts";

/** The files of each builtin model, with their SHA-256. */
export const builtins: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  tiny: {
    "config.json": "9a741cd15b62d5a11491c27d4b4369c6eb1529020a93e276c69374b83c887e45",
    "model.safetensors": "2c269ff3dbf5efbdc22250f511ddf1b2158339cd15509f98138d6f0ea126a735",
    "tokenizer.json": "3c2601dbd42760b05a9951e3fd7b5556db5343cc9c79955df3ad6735ca6e6619",
    "tokenizer_config.json": "470374c66adf20babf2af21cef453d1698ca91136f808c9ed2517a8af334dd9a",
  },
};

const folders = new URL("../builtin/", import.meta.url);

/**
 * The files of a builtin model, with their SHA-256.
 *
 * @throws {RequestError} If there is no such model.
 */
export function builtinFiles(name: string): Readonly<Record<string, string>> {
  const files = ownValue(builtins, name);
  if (files !== undefined) return files;
  const names = Object.keys(builtins).map((known) => `builtin:${known}`).join(", ");
  throw new RequestError(`no builtin model is called ${JSON.stringify(name)}; give one of ${names}`);
}

/**
 * The folder of a builtin model.
 *
 * @param name The name, for example `tiny`.
 * @param store The store's folder, which keeps fetched models.
 * @throws {RequestError} If there is no such model, or it can't be fetched completely.
 */
export async function builtinFolder(name: string, store: string | undefined): Promise<string> {
  const files = builtinFiles(name);
  const source = new URL(`${name}/`, folders);
  if (source.protocol === "file:") return await system.realPath(fileURLToPath(source));
  if (store === undefined) throw new TypeError("Expected a store to keep the builtin model in");
  const folder = join(store, "builtin", digestOf(new TextEncoder().encode(JSON.stringify(files))));
  await system.mkdir(folder, { recursive: true });
  for (const [file, digest] of Object.entries(files)) {
    const path = join(folder, file);
    if (await isSound(path, digest)) continue;
    const bytes = await fetched(new URL(file, source));
    if (digestOf(bytes) !== digest) {
      throw new RequestError(`${new URL(file, source)} is not the file of this version; reload Refract`);
    }
    await writeAtomically(path, [bytes]);
  }
  return await system.realPath(folder);
}

async function isSound(path: string, digest: string): Promise<boolean> {
  try {
    return digestOf(await system.readFile(path)) === digest;
  } catch (fault) {
    if (fault instanceof system.errors.NotFound) return false;
    throw fault;
  }
}

async function fetched(url: URL): Promise<Uint8Array> {
  let problem: string;
  try {
    const response = await fetch(url);
    if (response.ok) return await response.bytes();
    problem = `${response.status} ${response.statusText}`;
  } catch (fault) {
    problem = faultText(fault);
  }
  throw new RequestError(`${url} can't be fetched (${problem}); check the connection, or give a folder`);
}
