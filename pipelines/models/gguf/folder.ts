/**
 * A GGUF file as a Hugging Face folder, made once and kept in the store under the file's digest: config and tokenizer
 * when the model is opened, the weights when they are first needed.
 *
 * @module
 */
import { system } from "../../common/system.ts";
import { putValue } from "../../../ops/program/own_value.ts";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { digestOf } from "../../common/digest.ts";
import { RequestError } from "../../common/errors.ts";
import { type JsonObject, unwritable, writeAtomically } from "../../common/files.ts";
import { conversionVersion, modelsFolder } from "./converted_models.ts";
import { readHeader } from "../weights/safetensors.ts";
import { contentDigest, requireSeal } from "../weights/sealed_file.ts";
import { digestCacheOf, rememberedDigest, weightsDigest } from "../weights/weights_digest.ts";
import { planConversion } from "./plan.ts";
import { readGguf } from "./reader.ts";
import { tokenizerFiles } from "./tokenizer.ts";
import { type ConversionProgress, writeWeights } from "./weights.ts";
import { changedFile, noteWritten, writtenFiles } from "./written_files.ts";

const CONFIG = "config.json", WEIGHTS = "model.safetensors";

/** How much of a GGUF file to convert. */
interface ConversionOptions {
  /** Whether the weights are needed, or only config and tokenizer. */
  readonly weights: boolean;
  readonly progress?: ConversionProgress;
  /** Receives a line about each damaged file that is made again. */
  readonly warn?: (message: string) => void;
}

/**
 * The folder of a GGUF file.
 *
 * @param file Its real path.
 * @param store The store's folder; the models are at `models/<digest>/` in it.
 * @param options How much of it is needed.
 * @returns The folder's absolute path; missing files and those with a damaged header have been made.
 * @throws {RequestError} If the file can't be converted.
 * @throws {DiskError} If the store can't be written.
 */
export async function convertedFolder(
  file: string,
  store: string,
  { weights, progress, warn = () => {} }: ConversionOptions,
): Promise<string> {
  const files = [file], digests = digestCacheOf(store);
  const known = await rememberedDigest(files, digests);
  // Faults show in the file's header, before the whole file is read for the digest.
  const plan = known === undefined ? planConversion(readGguf(file)) : undefined;
  const key = createHash("sha256").update(`gguf ${conversionVersion} ${known ?? await weightsDigest(files, digests)}`)
    .digest("hex");
  const folder = join(store, modelsFolder, key), path = join(folder, WEIGHTS);
  const described = await descriptionState(store, key);
  const converted = weights ? await weightsState(path) : sound;
  if (described.kind === "sound" && converted.kind === "sound") return folder;
  const { metadata, config, outputs } = plan ?? planConversion(readGguf(file));
  if (described.kind !== "sound") {
    reportDamage(described, warn);
    await describe(store, key, { ...tokenizerFiles(metadata), [CONFIG]: config });
  }
  if (converted.kind === "sound") return folder;
  using _ = await turnAt(join(folder, ".lock"));
  const state = await weightsState(path);
  if (state.kind === "sound") return folder;
  reportDamage(state, warn);
  await writeWeights(file, outputs, path, progress);
  return folder;
}

/** The state of a part of a converted model. */
type State = { readonly kind: "sound" } | { readonly kind: "absent" } | {
  readonly kind: "damaged";
  readonly file: string;
};

const sound: State = { kind: "sound" }, absent: State = { kind: "absent" };

function reportDamage(state: State, warn: (message: string) => void): void {
  if (state.kind === "damaged") warn(`${state.file}: is damaged; converting it again`);
}

/** The state of a model's config and tokenizer, which are small and read each time. */
async function descriptionState(store: string, key: string): Promise<State> {
  const folder = join(store, modelsFolder, key), written = await writtenFiles(store, key);
  if (written === undefined || !await isPresent(join(folder, CONFIG))) return absent;
  const file = await changedFile(folder, written);
  return file === undefined ? sound : { kind: "damaged", file };
}

/** The state of a model's weights according to their header; their users check the rest against the digest in it. */
async function weightsState(path: string): Promise<State> {
  if (!await isPresent(path)) return absent;
  try {
    requireSeal(path, (await readHeader(path)).metadata);
    return sound;
  } catch (fault) {
    if (fault instanceof RequestError) return { kind: "damaged", file: path };
    throw fault;
  }
}

/** The state of a model's weights, read in full. */
async function contentState(path: string): Promise<State> {
  const state = await weightsState(path);
  return state.kind !== "sound" || (await contentDigest(path)).isSound ? state : { kind: "damaged", file: path };
}

/**
 * The first file of a converted model that has changed since it was written; every file is read.
 *
 * @param key Its folder's name.
 */
export async function damagedFile(store: string, key: string): Promise<string | undefined> {
  const weights = join(store, modelsFolder, key, WEIGHTS);
  const states = [await descriptionState(store, key), await contentState(weights)];
  return states.find((state) => state.kind === "damaged")?.file;
}

/** Writes config and tokenizer, the config last, so that its presence implies the tokenizer's files. */
async function describe(store: string, key: string, files: Readonly<Record<string, JsonObject>>): Promise<void> {
  const folder = join(store, modelsFolder, key), written: Record<string, string> = {};
  await system.mkdir(folder, { recursive: true }).catch((fault: unknown) => {
    throw unwritable(folder, fault);
  });
  for (const [name, fields] of Object.entries(files)) {
    const bytes = new TextEncoder().encode(`${JSON.stringify(fields)}\n`);
    await writeAtomically(join(folder, name), [bytes]);
    putValue(written, name, digestOf(bytes));
  }
  await noteWritten(store, key, written);
}

/** Waits until no other process is converting the same file; a process that dies releases the lock. */
async function turnAt(path: string): Promise<Disposable> {
  const file = await system.open(path, { write: true, create: true }).catch((fault: unknown) => {
    throw unwritable(path, fault);
  });
  // On a file system without locks, both convert, and one replaces the other's file with the same bytes.
  await file.lock(true).catch(() => {});
  return file;
}

async function isPresent(path: string): Promise<boolean> {
  return await system.stat(path).then(() => true, () => false);
}
