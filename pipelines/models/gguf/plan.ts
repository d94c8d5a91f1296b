/**
 * Planning the conversion of a GGUF file: the config of its model, and the tensors to write. It reads the header and a
 * few small tensors, but no weights.
 *
 * @module
 */
import { system } from "../../common/system.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import type { JsonObject } from "../../common/files.ts";
import type { Architecture } from "../architecture/architecture.ts";
import { ConfigReader } from "../architecture/config.ts";
import { architectureOf } from "../families/mod.ts";
import { storedName } from "../weights/stored_names.ts";
import { configOf, headsOf } from "./config.ts";
import { dequantizations } from "./dequantize.ts";
import { Metadata } from "./metadata.ts";
import { isKnownArchitecture, type KnownArchitecture, rename, tensorNames } from "./names.ts";
import type { Heads, OutputTensor } from "./outputs.ts";
import { type Gguf, type GgufTensor, openToRead } from "./reader.ts";

/** What a GGUF file is converted to. */
interface Conversion {
  readonly metadata: Metadata;
  /** The fields of config.json. */
  readonly config: JsonObject;
  readonly outputs: readonly OutputTensor[];
}

/** Tensors whose content is in the config, or can be computed. */
const inConfig = /^(rope_freqs|rope_factors_long|rope_factors_short|(blk\.\d+\.)?attn_rot_embd)\.weight$/;
/** The maximum size in bytes of a tensor for the config, which has one number for each rotary pair of a head. */
const SMALL = 1 << 20;

/**
 * Plans a conversion.
 *
 * @throws {RequestError} If the architecture, one of its settings or a tensor is not supported, or something is
 * missing.
 */
export function planConversion(gguf: Gguf): Conversion {
  const metadata = new Metadata(gguf), { architecture } = metadata;
  refuseParts(metadata);
  if (!isKnownArchitecture(architecture)) {
    const known = Object.keys(tensorNames).join(", ");
    throw metadata.error(`the architecture ${JSON.stringify(architecture)} is not supported; known are ${known}`);
  }
  requireBlocks(gguf, metadata);
  const has = (name: string) => gguf.tensors.has(name);
  const config = configOf(architecture, {
    metadata,
    vocabularySize: gguf.tensors.get("token_embd.weight")!.shape[0]!,
    has,
    tensor: (name) => readSmall(gguf, name),
  });
  const heads = headsOf(metadata);
  const outputs = [...gguf.tensors.values()].filter(({ name }) => !inConfig.test(name)).flatMap((tensor) => {
    return outputsOf(architecture, tensor, heads, has, metadata);
  });
  requireFit(gguf.file, config, outputs);
  return { metadata, config, outputs };
}

const again = "download or convert the file again";

/** Requires that what the file converts to is a model: else errors would name files in the store. */
function requireFit(file: string, config: JsonObject, outputs: readonly OutputTensor[]): void {
  const { weights, barePrefix } = describedBy(config, file),
    written = new Map(outputs.map((each) => [each.name, each]));
  for (const [name, shape] of weights) {
    const output = written.get(storedName(name, written, barePrefix) ?? name);
    if (output === undefined) throw new RequestError(`lacks a tensor for ${name}; ${again}`, { file });
    if (output.shape.join() === shape.join()) continue;
    const required = output.isTransposed ? shape.toReversed() : shape;
    throw new RequestError(
      `has the tensor ${output.source.name} as [${output.source.shape.join(", ")}], but its metadata require [${
        required.join(", ")
      }]; ${again}`,
      { file },
    );
  }
}

function describedBy(config: JsonObject, file: string): Architecture {
  try {
    return architectureOf(new ConfigReader(file, config));
  } catch (fault) {
    if (!(fault instanceof RequestError)) throw fault;
    throw new RequestError(fault.problem.replace(/; correct the config$/, `; ${again}`), { file }).causedBy(fault);
  }
}

function refuseParts(metadata: Metadata): void {
  const parts = metadata.raw("split.count");
  if (typeof parts !== "number" || parts < 2) return;
  throw metadata.error(`is one of ${parts} parts; merge them with llama-gguf-split --merge`);
}

/**
 * Each block must have the same tensors as the first; otherwise the file is incomplete, or its number of blocks is
 * wrong.
 */
function requireBlocks({ tensors }: Gguf, metadata: Metadata): void {
  const first = [...tensors.keys()].filter((name) => name.startsWith("blk.0.") && !inConfig.test(name));
  const missing = (name: string) => metadata.error(`lacks the tensor ${name}; download or convert the file again`);
  for (const name of ["token_embd.weight", "output_norm.weight"]) if (!tensors.has(name)) throw missing(name);
  if (first.length === 0) throw missing("blk.0.attn_norm.weight");
  const blocks = metadata.count(".block_count");
  for (let block = 1; block < blocks; block++) {
    for (const name of first) {
      const own = name.replace("blk.0.", `blk.${block}.`);
      if (!tensors.has(own)) throw missing(own);
    }
  }
  const extra = [...tensors.keys()].find((name) => Number(/^blk\.(\d+)\./.exec(name)?.[1] ?? 0) >= blocks);
  if (extra === undefined) return;
  throw metadata.error(`has the tensor ${extra} and only ${blocks} blocks; download or convert the file again`);
}

function outputsOf(
  architecture: KnownArchitecture,
  tensor: GgufTensor,
  heads: Heads,
  has: (name: string) => boolean,
  metadata: Metadata,
): readonly OutputTensor[] {
  const to = rename(architecture, tensor.name, has);
  if (to === undefined) {
    throw metadata.error(`the tensor ${tensor.name} does not belong to any supported ${architecture} model`);
  }
  const outputs = to.treatment(tensor, to.name, heads);
  if (outputs !== undefined) return outputs;
  throw metadata.error(
    `the tensor ${tensor.name} of shape [${tensor.shape.join(", ")}] does not divide into ${heads.heads} heads and ` +
      `${heads.keyValueHeads} key-value heads; convert the model again`,
  );
}

function readSmall({ file, tensors }: Gguf, name: string): Float32Array | undefined {
  const tensor = tensors.get(name);
  if (tensor === undefined) return undefined;
  if (tensor.bytes > SMALL) throw new RequestError(`the tensor ${name} is too large to be factors`, { file });
  const bytes = new Uint8Array(tensor.bytes);
  const numbers = new Float32Array(tensor.bytes / tensor.type.bytes * tensor.type.block);
  using handle = openToRead(file);
  handle.seekSync(tensor.offset, system.SeekMode.Start);
  for (let done = 0; done < bytes.length;) {
    const count = handle.readSync(bytes.subarray(done));
    if (count === null) throw new RequestError("has become shorter while it was read; try again", { file });
    done += count;
  }
  ownValue(dequantizations, tensor.type.name)!(bytes, numbers);
  return numbers;
}
