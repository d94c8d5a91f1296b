/**
 * A GGUF file as a Hugging Face folder, made once and kept in the store under the file's digest: config and tokenizer
 * when the model is opened, the weights when they are first needed.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { type JsonObject, unwritable, writeAtomically } from "../../common/files.ts";
import { modelsFolder } from "./converted_models.ts";
import { readHeader } from "../weights/safetensors.ts";
import { rememberedDigest, weightsDigest } from "../weights/weights_digest.ts";
import { planConversion } from "./plan.ts";
import { readGguf } from "./reader.ts";
import { tokenizerFiles } from "./tokenizer.ts";
import { type ConversionProgress, writeWeights } from "./weights.ts";

/** Increased when the conversion changes, so that files are converted again. */
const CONVERSION = 1;

const CONFIG = "config.json", WEIGHTS = "model.safetensors";

/** What to convert of a GGUF file. */
export interface ConversionOptions {
  /** Whether the weights are needed too, or config and tokenizer alone. */
  readonly weights: boolean;
  readonly progress?: ConversionProgress;
}

/**
 * The folder of a GGUF file.
 *
 * @param file Its real path.
 * @param store The store's folder; the models are at `models/<digest>/` in it.
 * @param options How much of it is to be there.
 * @returns The folder's absolute path; what was missing has been made. Throws a RequestError if the file can't be
 * converted, and a DiskError if the store can't be written.
 */
export async function convertedFolder(
  file: string,
  store: string,
  { weights, progress }: ConversionOptions,
): Promise<string> {
  const files = [file], digests = join(store, "weights.json");
  const folderOf = (digest: string) => {
    const key = createHash("sha256").update(`gguf ${CONVERSION} ${digest}`).digest("hex");
    return join(store, modelsFolder, key);
  };
  const known = await rememberedDigest(files, digests);
  if (known !== undefined && await isWhole(folderOf(known), weights)) return folderOf(known);
  // What is wrong with a file shows in its header, before all of it is read for the digest.
  const { metadata, config, outputs } = planConversion(readGguf(file));
  const folder = folderOf(known ?? await weightsDigest(files, digests));
  if (!await isWhole(folder, false)) {
    for (const [name, fields] of Object.entries({ ...tokenizerFiles(metadata), [CONFIG]: config })) {
      await writeJson(join(folder, name), fields);
    }
  }
  if (weights && !await isWhole(folder, true)) {
    using _ = await turnAt(join(folder, ".lock"));
    if (!await isWhole(folder, true)) await writeWeights(file, outputs, join(folder, WEIGHTS), progress);
  }
  return folder;
}

/**
 * The config is written after the tokenizer's files, so that they are where it is. Weights that were cut short count as
 * absent, and are converted again.
 */
async function isWhole(folder: string, weights: boolean): Promise<boolean> {
  const isSound = () => readHeader(join(folder, WEIGHTS)).then(() => true, () => false);
  return await isPresent(join(folder, CONFIG)) && (!weights || await isSound());
}

async function writeJson(path: string, fields: JsonObject): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true }).catch((fault: unknown) => {
    throw unwritable(path, fault);
  });
  await writeAtomically(path, [new TextEncoder().encode(`${JSON.stringify(fields)}\n`)]);
}

/** Waits until no other process converts the same file; a process that dies gives its turn up. */
async function turnAt(path: string): Promise<Disposable> {
  const file = await Deno.open(path, { write: true, create: true }).catch((fault: unknown) => {
    throw unwritable(path, fault);
  });
  // Where a file system has no locks, both convert and one replaces the other's file with the same bytes.
  await file.lock(true).catch(() => {});
  return file;
}

async function isPresent(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
