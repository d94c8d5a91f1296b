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
import { modelsFolder } from "./converted_models.ts";
import { readHeader } from "../weights/safetensors.ts";
import { contentDigest, requireSeal } from "../weights/sealed_file.ts";
import { digestCacheOf, rememberedDigest, weightsDigest } from "../weights/weights_digest.ts";
import { planConversion } from "./plan.ts";
import { readGguf } from "./reader.ts";
import { tokenizerFiles } from "./tokenizer.ts";
import { type ConversionProgress, writeWeights } from "./weights.ts";
import { changedFile, noteWritten, writtenFiles } from "./written_files.ts";

/** Increased when the conversion changes, so that files are converted again. */
const CONVERSION = 2;

const CONFIG = "config.json", WEIGHTS = "model.safetensors";

/** What to convert of a GGUF file. */
interface ConversionOptions {
  /** Whether the weights are needed too, or config and tokenizer alone. */
  readonly weights: boolean;
  readonly progress?: ConversionProgress;
  /** Gets a line about what was found damaged and is made again. */
  readonly warn?: (message: string) => void;
}

/**
 * The folder of a GGUF file.
 *
 * @param file Its real path.
 * @param store The store's folder; the models are at `models/<digest>/` in it.
 * @param options How much of it is to be there.
 * @returns The folder's absolute path; what was missing, or has a damaged header, has been made. Throws a RequestError if the file can't
 * be converted, and a DiskError if the store can't be written.
 */
export async function convertedFolder(
  file: string,
  store: string,
  { weights, progress, warn = () => {} }: ConversionOptions,
): Promise<string> {
  const files = [file], digests = digestCacheOf(store);
  const known = await rememberedDigest(files, digests);
  // What is wrong with a file shows in its header, before all of it is read for the digest.
  const plan = known === undefined ? planConversion(readGguf(file)) : undefined;
  const key = createHash("sha256").update(`gguf ${CONVERSION} ${known ?? await weightsDigest(files, digests)}`)
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

/** How a part of a converted model is. */
type State = { readonly kind: "sound" } | { readonly kind: "absent" } | {
  readonly kind: "damaged";
  readonly file: string;
};

const sound: State = { kind: "sound" }, absent: State = { kind: "absent" };

function reportDamage(state: State, warn: (message: string) => void): void {
  if (state.kind === "damaged") warn(`${state.file}: is damaged; it is converted again`);
}

/** How config and tokenizer of a model are; they are small, and read each time. */
async function descriptionState(store: string, key: string): Promise<State> {
  const folder = join(store, modelsFolder, key), written = await writtenFiles(store, key);
  if (written === undefined || !await isPresent(join(folder, CONFIG))) return absent;
  const file = await changedFile(folder, written);
  return file === undefined ? sound : { kind: "damaged", file };
}

/** How a model's weights are, as their header shows: whoever uses them checks the rest against the digest in it. */
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

/** How all of a model's weights is. */
async function contentState(path: string): Promise<State> {
  const state = await weightsState(path);
  return state.kind !== "sound" || (await contentDigest(path)).isSound ? state : { kind: "damaged", file: path };
}

/**
 * The first file of a converted model that is not as it was written; every file is read.
 *
 * @param key Its folder's name.
 */
export async function damagedFile(store: string, key: string): Promise<string | undefined> {
  const weights = join(store, modelsFolder, key, WEIGHTS);
  const states = [await descriptionState(store, key), await contentState(weights)];
  return states.find((state) => state.kind === "damaged")?.file;
}

/** Writes config and tokenizer, the config last, so that the tokenizer's files are where it is. */
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

/** Waits until no other process converts the same file; a process that dies gives its turn up. */
async function turnAt(path: string): Promise<Disposable> {
  const file = await system.open(path, { write: true, create: true }).catch((fault: unknown) => {
    throw unwritable(path, fault);
  });
  // Where a file system has no locks, both convert and one replaces the other's file with the same bytes.
  await file.lock(true).catch(() => {});
  return file;
}

async function isPresent(path: string): Promise<boolean> {
  return await system.stat(path).then(() => true, () => false);
}
