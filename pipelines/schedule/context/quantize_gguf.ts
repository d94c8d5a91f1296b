/**
 * A GGUF file's weights in 4 or 8 bits, kept in the store: its matrices, without float32 numbers on disk in between, and
 * its other tensors beside them.
 *
 * @module
 */
import { resolve } from "node:path";
import { system } from "../../common/system.ts";
import { conversionVersion } from "../../models/gguf/converted_models.ts";
import { type GgufMatrices, ggufMatrices } from "../../models/gguf/matrices.ts";
import { type BareModel, type ModelWeights, requireTensors } from "../../models/open/model.ts";
import {
  partsOf,
  quantizedDigest,
  quantizedMatrices,
  quantizedWeights,
  unmadeWeights,
} from "../../models/open/quantized_weights.ts";
import type { BitsName } from "../../models/weights/quantization.ts";
import { rememberedDigest, weightsDigest } from "../../models/weights/weights_digest.ts";
import type { Emit } from "../../results/events.ts";
import type { Entry, Store } from "../../store/store.ts";
import { appendMatrices, type OpenedQuantized, partsOfAll, quantizedKind } from "./quantize.ts";
import { beginWork } from "./work.ts";

/** A GGUF file that weights can be taken from directly. */
export interface GgufSource {
  readonly model: BareModel;
  /** Its real path. */
  readonly file: string;
  readonly matrices: GgufMatrices;
}

/**
 * The GGUF file of a model; `undefined` if it has none, or has 16-bit tensors that are no matrices, which not every
 * provider reads.
 */
export async function ggufSource(model: BareModel, bits: BitsName): Promise<GgufSource | undefined> {
  const { origin, name, options: { base } } = model.source;
  if (origin !== "converted") return undefined;
  const file = await system.realPath(resolve(base, name));
  const matrices = ggufMatrices(file, (tensors) => requireTensors(model, { tensors, files: [file] }));
  const inBits = quantizedMatrices(model, bits);
  return matrices.isWide((weight) => inBits.has(weight)) ? { model, file, matrices } : undefined;
}

/** What is known about a GGUF file's quantized weights before they are computed; `undefined` if it was never digested. */
export async function peekQuantizedGguf(
  { model, file }: GgufSource,
  bits: BitsName,
  digestCache: string,
): Promise<ModelWeights | undefined> {
  const digest = await rememberedDigest([file], digestCache);
  return digest === undefined ? undefined : unmadeWeights(model, otherWeights(digest, () => undefined), bits);
}

/**
 * A GGUF file's weights with quantized matrices, from the store if they are there. While they are being computed, only
 * one weight is in memory at a time.
 *
 * @throws {RequestError} If a weight is not finite, or the file can't be read.
 */
export async function openQuantizedGguf(
  store: Store,
  source: GgufSource,
  bits: BitsName,
  digestCache: string,
  emit: Emit,
): Promise<OpenedQuantized> {
  const { model, file } = source, digest = await weightsDigest([file], digestCache);
  const key = keyOfGguf(model, digest, bits);
  const { entry, use } = await store.getMapped(quantizedKind, key) ??
    { entry: await make(store, key, source, bits, emit), use: () => {} };
  const path = await system.realPath(entry.path);
  const stored = { path, tensors: entry.tensors, use, readBytes: (tensor: string) => entry.readBytes(tensor) };
  return { weights: weightsOf(model, digest, bits, stored), entry };
}

const digestOfGguf = (digest: string) => `gguf ${conversionVersion} ${digest}`;

function keyOfGguf(model: BareModel, digest: string, bits: BitsName): string {
  return quantizedDigest(model, digestOfGguf(digest), bits);
}

function weightsOf(
  model: BareModel,
  digest: string,
  bits: BitsName,
  stored: Parameters<typeof quantizedWeights>[3],
): ModelWeights {
  const { architecture } = model, { tensors, use, readBytes } = stored;
  const others = otherWeights(digest, (name) => {
    use();
    const shape = architecture.weights.get(name), codes = tensors.get(partsOf(name).codes);
    return tensors.get(name) ?? (shape === undefined || codes === undefined ? undefined : { ...codes, name, shape });
  });
  const read: ModelWeights["read"] = async (name) => {
    use();
    return new Float32Array((await readBytes(name)).buffer);
  };
  return quantizedWeights(model, { ...others, read }, bits, stored);
}

/** What is known about a GGUF file's weights besides its matrices; they cannot be read. */
function otherWeights(digest: string, find: ModelWeights["find"]): ModelWeights {
  const absent = (name: string): never => {
    throw new TypeError(`The architecture has no weight ${name}`);
  };
  return {
    digest: digestOfGguf(digest),
    storedType: () => "float32",
    locate: absent,
    record: (name) => find(name) ?? absent(name),
    find,
    read: absent,
  };
}

function make(
  store: Store,
  key: string,
  { model, matrices }: GgufSource,
  bits: BitsName,
  emit: Emit,
): Promise<Entry> {
  const { architecture } = model,
    inBits = quantizedMatrices(model, bits),
    done = beginWork(emit, "quantize", inBits.size, bits);
  const others = [...architecture.weights].filter(([name]) => !inBits.has(name));
  return store.putAndOpen(quantizedKind, key, async (entry) => {
    entry.declare({
      tensors: [
        ...partsOfAll(inBits),
        ...others.map(([name, shape]) => ({ name, dtype: "F32" as const, shape: [...shape] })),
      ],
      metadata: { quantize: bits, weights: key },
    });
    await appendMatrices(entry, inBits, done, (weight, { columns, type }) => matrices.matrix(weight, columns, type));
    for (const [name] of others) entry.append(name, matrices.numbers(name));
  });
}
