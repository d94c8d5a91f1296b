/**
 * Opening a model folder: architecture and tokenizer immediately, weights when they are first needed.
 *
 * @module
 */
import { counted } from "../../common/counted.ts";
import { system } from "../../common/system.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import { createHash } from "node:crypto";
import { isAbsolute, join, relative } from "node:path";
import type { WeightLocation } from "../../../ops/onnx/model.ts";
import type { DataType } from "../../../ops/program/program.ts";
import { RequestError } from "../../common/errors.ts";
import type { Architecture, EditedModel } from "../architecture/architecture.ts";
import { ConfigReader } from "../architecture/config.ts";
import { architectureOf } from "../families/mod.ts";
import { readJsonObject } from "../../common/files.ts";
import type { PendingChecks } from "../../common/pending_checks.ts";
import { readTensor } from "../weights/safetensors.ts";
import type { TensorRecord } from "../weights/safetensors_table.ts";
import { damagedInUse, removedForAnew } from "./restoring.ts";
import { type ModelOrigin, resolveModelFolder, type SourceOptions } from "./source.ts";
import { DamagedWeights } from "../weights/damaged_weights.ts";
import { quantizedWeights, refuseQuantizedConfig } from "../weights/quantized_formats.ts";
import type { CarriedDigest } from "../weights/sealed_file.ts";
import { storedName } from "../weights/stored_names.ts";
import { openTokenizer } from "../tokenization/open_tokenizer.ts";
import type { Tokenizer } from "../tokenization/tokenizer.ts";
import { openWeights, type Weights } from "../weights/weights.ts";
import { rememberedDigest, weightsDigest } from "../weights/weights_digest.ts";

/** A base model without its weights and its tokenizer. */
export interface BareModel {
  readonly folder: string;
  /** The source that it was opened from, fixed to one commit, which is also used for its weights. */
  readonly source: { readonly name: string; readonly origin: ModelOrigin; readonly options: SourceOptions };
  /** The name in the pipeline. */
  readonly name: string;
  readonly architecture: Architecture;
  /** A digest of config.json's fields. */
  readonly config: string;
}

/** A base model without its weights. */
export interface Model extends BareModel {
  readonly tokenizer: Tokenizer;
}

/** A base model without its weights, and with its tokenizer, if it has one. */
export interface ReadModel extends BareModel {
  readonly tokenizer?: Tokenizer;
}

/** The properties of a model that decide how it can be adapted, and which tokens of a prompt are selected. */
export function editedModel({ architecture, tokenizer }: ReadModel): EditedModel {
  const { family, width, blocks, sites, heads, barePrefix, classifier, encoder } = architecture;
  const decode = tokenizer === undefined ? {} : { decode: tokenizer.decode };
  const own = { family, width, blocks, sites, heads, barePrefix, encoder, ...decode };
  return classifier === undefined ? own : { ...own, classifier };
}

/** The weights of a model, in place in their files. */
export interface ModelWeights {
  /** Set if there are no weights to read. */
  readonly isAbsent?: true;
  /** The SHA-256 of the files' content, or a key of it and of how the weights are converted. */
  readonly digest: string;
  /** The store's key of the quantized weights' codes. */
  readonly codesKey?: string;
  /** Set if matrix products round the operand of codes to 8 bits. */
  readonly computesInInt8?: true;
  /** The stored type of a weight; for a quantized one, the type of its codes. */
  readonly storedType: (name: string) => DataType;
  /** The location of a weight, relative to the file system's root. */
  readonly locate: (name: string) => WeightLocation;
  readonly record: (name: string) => TensorRecord;
  /** A weight in float32, as used by programs. */
  readonly read: (name: string) => Promise<Float32Array<ArrayBuffer>>;
  /** A tensor of the files that the architecture does not require, such as a head's. */
  readonly find: (name: string) => TensorRecord | undefined;
}

const storedTypes: Readonly<Record<string, DataType>> = { F32: "float32", F16: "float16", BF16: "bfloat16" };

/**
 * Opens a model's config; only the config and the tokenizer are downloaded.
 *
 * @throws {RequestError} If the source or config.json is invalid.
 */
export async function openBareModel(source: string, options: SourceOptions): Promise<BareModel> {
  const { folder, name, origin, commit } = await resolveModelFolder(source, { ...options, weights: false });
  const file = join(folder, "config.json");
  const fields = await readJsonObject(file, "download it again");
  if (fields === undefined) {
    throw new RequestError("there is no config.json; give a Hugging Face model folder", { file });
  }
  refuseQuantizedConfig(fields, file);
  const architecture = architectureOf(new ConfigReader(file, fields));
  const config = createHash("sha256").update(JSON.stringify(fields)).digest("hex");
  const settled = commit === undefined ? options : { ...options, revision: commit };
  return { folder, source: { name: source, origin, options: settled }, name, architecture, config };
}

/**
 * Opens a model folder's config and tokenizer.
 *
 * @throws {RequestError} If the source, config.json or tokenizer.json is invalid.
 */
export async function openModel(source: string, options: SourceOptions): Promise<Model> {
  const bare = await openBareModel(source, options), { folder, architecture } = bare;
  return { ...bare, tokenizer: await openTokenizer(folder, architecture.vocabularySize) };
}

/**
 * Opens a model folder's config, and its tokenizer if it has one.
 *
 * @throws {RequestError} If the source, config.json or a tokenizer.json is invalid.
 */
export async function openReadModel(source: string, options: SourceOptions): Promise<ReadModel> {
  const bare = await openBareModel(source, options), { folder, architecture } = bare;
  const isThere = await system.stat(join(folder, "tokenizer.json")).then(() => true, () => false);
  return isThere ? { ...bare, tokenizer: await openTokenizer(folder, architecture.vocabularySize) } : bare;
}

/**
 * Opens a model's weights: downloads or converts missing and damaged files, checks the files' headers against the
 * architecture, and digests the files.
 *
 * @param digestCache Where digests are remembered; without it every file is read.
 * @param checks Receives the checks of files that contain their digest, to run once a weight is used; without it they
 * are read now.
 * @throws {RequestError} If a file is damaged or invalid.
 */
export async function openModelWeights(
  model: BareModel,
  digestCache?: string,
  checks?: PendingChecks,
): Promise<ModelWeights> {
  try {
    return await digestedWeights(model, digestCache, checks);
  } catch (fault) {
    if (!(fault instanceof RequestError && await removedForAnew(model, fault))) throw fault;
    return await digestedWeights(model, digestCache, checks);
  }
}

async function digestedWeights(model: BareModel, digestCache?: string, checks?: PendingChecks): Promise<ModelWeights> {
  const weights = await presentWeights(model), records = requireTensors(model, weights);
  noteFurtherBlock(model, weights);
  const due: CarriedDigest["check"][] = [];
  const digest = await weightsDigest(weights.files, digestCache, checks && ((check) => due.push(check)));
  const begin = () => {
    for (const check of due.splice(0)) checks?.begin((signal) => checkInUse(model, check, signal));
  };
  return { digest, ...locatedWeights(model, records, weights, begin) };
}

/** Notes weights of a block after those that config.json counts: the model would then lack its last blocks. */
function noteFurtherBlock(model: BareModel, weights: Weights): void {
  const { blocks, weights: used } = model.architecture, { file } = weights.index ?? { file: weights.files[0] };
  const next = [...used.keys()].map((name) => name.replace(`.${blocks - 1}.`, `.${blocks}.`))
    .find((name) => !used.has(name) && findRecord(model, weights, name) !== undefined);
  if (next === undefined) return;
  model.source.options.warn?.(
    `${file ?? model.folder}: has ${next}, but config.json says that there ${blocks === 1 ? "is" : "are"} ${
      counted(blocks, "block")
    }, so it is not used; ` +
      "use config.json and weights of the same model",
  );
}

async function checkInUse(model: BareModel, check: CarriedDigest["check"], signal: AbortSignal): Promise<void> {
  try {
    await check(signal);
  } catch (fault) {
    throw fault instanceof DamagedWeights ? await damagedInUse(model, fault) : fault;
  }
}

/** A model's weights, like {@linkcode openModelWeights} but without digesting the files. */
export async function locateModelWeights(model: BareModel): Promise<Omit<ModelWeights, "digest">> {
  const weights = await presentWeights(model);
  return locatedWeights(model, requireTensors(model, weights), weights);
}

/** The weights of a model, downloaded or converted if missing. */
async function presentWeights({ folder, source: { name, options } }: BareModel): Promise<Weights> {
  await resolveModelFolder(name, { ...options, weights: true });
  return await openWeights(folder);
}

/**
 * A model's weights, as far as known without reading them: the files' headers, if there are files, and a digest
 * remembered from an earlier run.
 */
export async function peekModelWeights(model: BareModel, digestCache: string): Promise<ModelWeights | undefined> {
  if (!await hasWeights(model.folder)) return undefined;
  const weights = await openWeights(model.folder);
  const digest = await rememberedDigest(weights.files, digestCache);
  return digest === undefined
    ? undefined
    : { digest, ...locatedWeights(model, requireTensors(model, weights), weights) };
}

/**
 * A tensor of a model's files; only their headers are read.
 *
 * @returns `undefined` if the files have no such tensor, or if there are no files.
 */
export async function findTensor(model: BareModel, name: string): Promise<TensorRecord | undefined> {
  return await hasWeights(model.folder) ? findRecord(model, await openWeights(model.folder), name) : undefined;
}

function findRecord({ architecture: { barePrefix } }: BareModel, { tensors }: Weights, name: string) {
  const stored = storedName(name, tensors, barePrefix);
  return stored === undefined ? undefined : tensors.get(stored);
}

async function hasWeights(folder: string): Promise<boolean> {
  const present = ["model.safetensors", "model.safetensors.index.json"].map(async (name) => {
    return (await system.stat(join(folder, name)).catch(() => undefined)) !== undefined;
  });
  return (await Promise.all(present)).includes(true);
}

/**
 * The records of a model's weights by their names in the architecture.
 *
 * @throws {RequestError} If one is missing, or has another shape or a type that can't be read.
 */
export function requireTensors(model: BareModel, weights: Weights): ReadonlyMap<string, TensorRecord> {
  return new Map(
    [...model.architecture.weights].map(([name, shape]) => [name, requireTensor(model, weights, name, shape)]),
  );
}

/** @param use Called before each use of a weight. */
function locatedWeights(
  model: BareModel,
  records: ReadonlyMap<string, TensorRecord>,
  weights: Weights,
  use: () => void = () => {},
): Omit<ModelWeights, "digest"> {
  const record = (name: string): TensorRecord => {
    const found = records.get(name);
    if (found === undefined) throw new TypeError(`The architecture has no weight ${name}`);
    return found;
  };
  return {
    storedType(name) {
      const { dtype } = record(name), type = ownValue(storedTypes, dtype);
      if (type === undefined) throw new TypeError(`The weight ${name} is stored as ${dtype}`);
      return type;
    },
    locate(name) {
      use();
      const { file, offset, bytes } = record(name);
      return { location: relative("/", file), offset, length: bytes };
    },
    record(name) {
      use();
      return record(name);
    },
    read(name) {
      use();
      return readTensor(record(name));
    },
    find(name) {
      use();
      return records.get(name) ?? findRecord(model, weights, name);
    },
  };
}

function requireTensor(model: BareModel, weights: Weights, name: string, shape: readonly number[]): TensorRecord {
  const record = findRecord(model, weights, name), { index } = weights;
  const isSound = record !== undefined && record.shape.join() === shape.join() &&
    ownValue(storedTypes, record.dtype) !== undefined;
  const quantized = isSound ? undefined : quantizedWeights(weights.tensors);
  if (quantized !== undefined) throw quantized;
  if (record === undefined) {
    const problem = `the tensor ${name} that config.json requires is missing`;
    throw new RequestError(
      index?.lacks === undefined
        ? `${problem}; use config.json and weights of the same model`
        : `${problem}, and so is the shard ${JSON.stringify(index.lacks)}; download the model again`,
      { file: index?.file ?? weights.files[0] ?? model.folder },
    );
  }
  if (record.shape.join() !== shape.join()) {
    throw new RequestError(
      `the tensor ${name} is [${record.shape.join(", ")}], but config.json requires [${
        shape.join(", ")
      }]; use config.json and weights of the same model`,
      { file: record.file },
    );
  }
  if (ownValue(storedTypes, record.dtype) === undefined) {
    throw new RequestError(`the tensor ${name} is stored as ${record.dtype}; convert it to F32, F16 or BF16`, {
      file: record.file,
    });
  }
  return record;
}

/** A path as given in a pipeline: absolute, or relative to the pipeline's folder. */
export function resolvePath(base: string, path: string): string {
  return isAbsolute(path) ? path : join(base, path);
}
