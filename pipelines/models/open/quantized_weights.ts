/**
 * A model's weights with the projections of its blocks in 4 or 8 bits. Embeddings, norms, biases and the head stay as they
 * are stored: of the embedding only the rows read are touched, and the head runs over labelled tokens alone.
 *
 * @module
 */
import { relative } from "node:path";
import { keyOf } from "../../common/content_key.ts";
import { codeTypeOf, dequantize, type QuantizationName } from "../weights/quantization.ts";
import type { Architecture } from "../architecture/architecture.ts";
import type { ModelWeights } from "./model.ts";
import type { TensorRecord } from "../weights/safetensors_table.ts";

/** The names of the two tensors that hold a quantized weight. */
export const partsOf = (weight: string): { readonly codes: string; readonly scales: string } => ({
  codes: `${weight}.codes`,
  scales: `${weight}.scales`,
});

/** The weights of the projections of all blocks as they are stored ([outputs, inputs] in most families), by name. */
export function projectionsOf(
  architecture: Pick<Architecture, "sites" | "blocks" | "weights" | "encoder">,
): ReadonlyMap<string, readonly [number, number]> {
  const found = new Map<string, readonly [number, number]>(), { encoder, weights } = architecture;
  for (const { sites, blocks } of encoder === undefined ? [architecture] : [encoder, architecture]) {
    for (let block = 0; block < blocks; block++) {
      for (const { projection } of Object.values(sites)) {
        const name = projection?.weight(block) ?? "", [rows, columns] = weights.get(name) ?? [];
        if (rows !== undefined && columns !== undefined) found.set(name, [rows, columns]);
      }
    }
  }
  return found;
}

/** What a change of how weights are rounded has to change, so that those kept before are made anew. */
const scheme = 2;

/** The key of a model's quantized weights. */
export function quantizedDigest(architecture: Architecture, digest: string, name: QuantizationName): string {
  return keyOf({ scheme, weights: digest, quantize: name, projections: [...projectionsOf(architecture)] });
}

/** The stored type of each weight when the projections are quantized. */
export function quantizedType(
  architecture: Architecture,
  storedType: ModelWeights["storedType"],
  name: QuantizationName,
): ModelWeights["storedType"] {
  const projections = projectionsOf(architecture);
  return (weight) => projections.has(weight) ? codeTypeOf[name] : storedType(weight);
}

/** What is known of a model's quantized weights before they are made; they can't be read. */
export function unmadeWeights(architecture: Architecture, base: ModelWeights, name: QuantizationName): ModelWeights {
  const unmade = (weight: string) => {
    throw new TypeError(`${weight} is not made in ${name}`);
  };
  const storedType = quantizedType(architecture, base.storedType, name);
  return {
    ...base,
    digest: quantizedDigest(architecture, base.digest, name),
    storedType,
    locate: unmade,
    read: unmade,
  };
}

/** A file of quantized weights. */
interface QuantizedFile {
  /** A real path. */
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorRecord>;
  /** Called before each use of a tensor. */
  readonly use: () => void;
  readonly readBytes: (name: string) => Promise<Uint8Array<ArrayBuffer>>;
}

/** A model's weights, those of the projections from a file of their own. */
export function quantizedWeights(
  architecture: Architecture,
  base: ModelWeights,
  name: QuantizationName,
  { path, tensors, use, readBytes }: QuantizedFile,
): ModelWeights {
  const projections = projectionsOf(architecture);
  return {
    digest: quantizedDigest(architecture, base.digest, name),
    storedType: quantizedType(architecture, base.storedType, name),
    locate(tensor) {
      const found = tensors.get(tensor);
      if (found === undefined) return base.locate(tensor);
      use();
      return { location: relative("/", path), offset: found.offset, length: found.bytes };
    },
    record: base.record,
    find: base.find,
    async read(weight) {
      const shape = projections.get(weight);
      if (shape === undefined) return await base.read(weight);
      use();
      const parts = partsOf(weight), scales = new Float32Array((await readBytes(parts.scales)).buffer);
      return dequantize({ codes: await readBytes(parts.codes), scales }, shape[1], name);
    },
  };
}
