/**
 * A model's weights with its matrices in 4 or 8 bits: the projections of its blocks, and its token tables, that is, the
 * embedding and the head, stored once if they are tied. Norms, biases and learned positions stay as stored.
 *
 * @module
 */
import { relative } from "node:path";
import { keyOf } from "../../common/content_key.ts";
import type { CodeType } from "../../../ops/program/program.ts";
import { codeKinds } from "../../../ops/table/quantization.ts";
import {
  type BitsName,
  codeTypes,
  dequantize,
  type QuantizationName,
  quantizations,
  unpackedZeros,
} from "../weights/quantization.ts";
import type { Architecture } from "../architecture/architecture.ts";
import type { BareModel, ModelWeights } from "./model.ts";
import type { TensorRecord } from "../weights/safetensors_table.ts";

/** The names of the tensors of a quantized weight. */
export const partsOf = (weight: string) => ({
  codes: `${weight}.codes`,
  scales: `${weight}.scales`,
  /** For types whose blocks have zeros, as `dequantize` and as packed products read them. */
  zeros: [`${weight}.zeros`, `${weight}.zeros by row`],
} as const);

/** The stored weights of all blocks' projections ([outputs, inputs] in most families), by name. */
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

/** A quantized matrix. */
interface QuantizedMatrix {
  readonly rows: number;
  readonly columns: number;
  /** The type of its codes. */
  readonly type: CodeType;
}

/** A model whose matrices are quantized. */
interface Quantizable {
  readonly architecture: Pick<Architecture, "sites" | "blocks" | "weights" | "encoder" | "vocabularySize">;
  readonly source: Pick<BareModel["source"], "origin">;
}

/** Matrices that are quantized, by name. */
export type QuantizedMatrices = ReadonlyMap<string, QuantizedMatrix>;

/**
 * The matrices that are quantized, by name: projections, and tables with a row for each token of the vocabulary. The
 * latter have at least 8 bits, since their rounding affects the logits directly.
 */
export function quantizedMatrices(
  { architecture, source: { origin } }: Quantizable,
  name: BitsName,
): QuantizedMatrices {
  // A converted file is a GGUF file, whose blocks are kept as they are.
  const { weights, vocabularySize } = architecture, from = origin === "converted" ? "gguf" : "rounded";
  const projections = [...projectionsOf(architecture)].map(([weight, [rows, columns]]) => {
    return [weight, { rows, columns, type: codeTypes[name][from] }] as const;
  });
  const tables = [...weights].flatMap(([weight, [rows, columns, ...more]]) => {
    const isTable = rows === vocabularySize && columns !== undefined && more.length === 0;
    return isTable ? [[weight, { rows, columns, type: codeTypes[tableBits][from] }] as const] : [];
  });
  return new Map([...tables, ...projections]);
}

const tableBits: BitsName = "q8";

/** To be changed when the rounding of weights changes, so that stored codes are computed again. */
const scheme = 6;

/** The key of a model's quantized weights. */
export function quantizedDigest(model: Quantizable, digest: string, name: BitsName): string {
  const matrices = [...quantizedMatrices(model, name)].map(([weight, { rows, columns, type }]) => {
    return [weight, rows, columns, type];
  });
  return keyOf({ scheme, weights: digest, quantize: name, matrices });
}

/** The stored type of each weight when a model is quantized. */
export function quantizedType(
  model: Quantizable,
  storedType: ModelWeights["storedType"],
  name: BitsName,
): ModelWeights["storedType"] {
  const matrices = quantizedMatrices(model, name);
  return (weight) => matrices.get(weight)?.type ?? storedType(weight);
}

/** A model's quantized weights before they have been computed, as far as known; they can't be read. */
export function unmadeWeights(model: Quantizable, base: ModelWeights, name: BitsName): ModelWeights {
  const unmade = (weight: string) => {
    throw new TypeError(`${weight} is not made in ${name}`);
  };
  const storedType = quantizedType(model, base.storedType, name);
  return {
    ...base,
    digest: quantizedDigest(model, base.digest, name),
    codesKey: quantizedDigest(model, base.digest, name),
    storedType,
    locate: unmade,
    read: unmade,
  };
}

/** A file of quantized weights. */
interface QuantizedFile {
  /** The real path. */
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorRecord>;
  /** Called before each use of a tensor. */
  readonly use: () => void;
  readonly readBytes: (name: string) => Promise<Uint8Array<ArrayBuffer>>;
}

/** A model's weights, with the quantized ones from a separate file. */
export function quantizedWeights(
  model: Quantizable,
  base: ModelWeights,
  name: BitsName,
  { path, tensors, use, readBytes }: QuantizedFile,
): ModelWeights {
  const matrices = quantizedMatrices(model, name), codesKey = quantizedDigest(model, base.digest, name);
  return {
    digest: codesKey,
    codesKey,
    storedType: quantizedType(model, base.storedType, name),
    locate(tensor) {
      const found = tensors.get(tensor);
      if (found === undefined) return base.locate(tensor);
      use();
      return { location: relative("/", path), offset: found.offset, length: found.bytes };
    },
    record: base.record,
    find: base.find,
    async read(weight) {
      const matrix = matrices.get(weight);
      if (matrix === undefined) return await base.read(weight);
      use();
      const parts = partsOf(weight), { columns, type } = matrix, codes = await readBytes(parts.codes);
      const scales = new Float32Array((await readBytes(parts.scales)).buffer);
      if (codeKinds[type].zero !== undefined) return dequantize({ codes, scales }, columns, type);
      const zeros = unpackedZeros(await readBytes(parts.zeros[0]), scales.length);
      return dequantize({ codes, scales, zeros }, columns, type);
    },
  };
}

/** Quantized weights with the computation type of a quantization. */
export function computedAs(weights: ModelWeights, name: QuantizationName): ModelWeights {
  const { compute } = quantizations[name];
  if (compute === "float32") return weights;
  return { ...weights, digest: keyOf({ weights: weights.digest, compute }), computesInInt8: true };
}
