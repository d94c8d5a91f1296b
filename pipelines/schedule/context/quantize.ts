/**
 * A base model's weights in 4 or 8 bits, computed once and kept in the store.
 *
 * @module
 */
import { system } from "../../common/system.ts";
import { blocksOf, codeKinds, zeroBytes } from "../../../ops/table/quantization.ts";
import type { BareModel, ModelWeights } from "../../models/open/model.ts";
import {
  partsOf,
  quantizedDigest,
  type QuantizedMatrices,
  quantizedMatrices,
  quantizedWeights,
} from "../../models/open/quantized_weights.ts";
import {
  type BitsName,
  codeBytes,
  packedZeros,
  type QuantizedMatrix,
  quantizeTensor,
} from "../../models/weights/quantization.ts";
import type { Entry, Store } from "../../store/store.ts";
import type { EntryWriter } from "../../store/writer.ts";
import type { Emit } from "../../results/events.ts";
import { beginWork } from "./work.ts";

/** The kind of the store's entries. */
export const quantizedKind = "quantize";

/** The size of a model's quantized matrices in bytes. */
export function quantizedBytes(model: Pick<BareModel, "architecture" | "source">, name: BitsName): number {
  return partsOfAll(quantizedMatrices(model, name)).reduce((sum, { dtype, shape }) => {
    return sum + shape.reduce((product, extent) => product * extent, dtype === "F32" ? 4 : 1);
  }, 0);
}

/** Weights whose matrices are in the store, and the entry that keeps them open. */
export interface OpenedQuantized {
  readonly weights: ModelWeights;
  readonly entry: Entry;
}

/**
 * A model's weights with quantized matrices, from the store if they are there. While they are being computed, only one
 * weight is in memory at a time.
 *
 * @throws {RequestError} If a weight is not finite.
 */
export async function openQuantized(
  store: Store,
  model: BareModel,
  base: ModelWeights,
  name: BitsName,
  emit: Emit,
): Promise<OpenedQuantized> {
  const key = quantizedDigest(model, base.digest, name);
  const { entry, use } = await store.getMapped(quantizedKind, key) ??
    { entry: await make(store, key, model, base, name, emit), use: () => {} };
  const path = await system.realPath(entry.path);
  const file = { path, tensors: entry.tensors, use, readBytes: (tensor: string) => entry.readBytes(tensor) };
  return { weights: quantizedWeights(model, base, name, file), entry };
}

function make(
  store: Store,
  key: string,
  model: BareModel,
  base: ModelWeights,
  name: BitsName,
  emit: Emit,
): Promise<Entry> {
  const matrices = quantizedMatrices(model, name), done = beginWork(emit, "quantize", matrices.size, name);
  return store.putAndOpen(quantizedKind, key, async (entry) => {
    entry.declare({
      tensors: partsOfAll(matrices),
      metadata: { quantize: name, weights: base.digest },
    });
    await appendMatrices(entry, matrices, done, async (weight, { columns, type }) => {
      return quantizeTensor(await base.read(weight), columns, type, { name: weight, file: base.record(weight).file });
    });
  });
}

type NamedMatrix = QuantizedMatrices extends ReadonlyMap<infer Name, infer Matrix> ? readonly [Name, Matrix] : never;

/**
 * Matrices in the groups in which an entry has them. In a group all codes come first, then all scales and zeros, so that
 * several matrices with rows of equal length can be read as one.
 */
function groupsOf(matrices: QuantizedMatrices): readonly (readonly NamedMatrix[])[] {
  const groups: NamedMatrix[][] = [];
  for (const named of matrices) {
    const group = groups.at(-1), [, before] = group?.[0] ?? [], [, { columns, type }] = named;
    if (before?.columns === columns && before.type === type) group!.push(named);
    else groups.push([named]);
  }
  return groups;
}

/** The tensors of quantized matrices, as an entry declares them. */
export function partsOfAll(matrices: QuantizedMatrices) {
  return groupsOf(matrices).flatMap((group) => {
    const [, { type, columns }] = group[0]!, perRow = blocksOf(columns, type);
    const parts = group.map(([weight, { rows }]) => ({ ...partsOf(weight), rows, count: rows * perRow }));
    const bytes = (name: string, shape: readonly number[]) => ({ name, dtype: "U8" as const, shape });
    const zeros = codeKinds[type].zero !== undefined ? [] : [
      ...parts.map(({ zeros: [flat], count }) => bytes(flat, [Math.ceil(count / 2)])),
      ...parts.map(({ zeros: [, byRow], rows }) => bytes(byRow, [rows, zeroBytes(columns, type)])),
    ];
    return [
      ...parts.map(({ codes, count }) => bytes(codes, [count, codeBytes(type)])),
      ...parts.map(({ scales, count }) => ({ name: scales, dtype: "F32" as const, shape: [count] })),
      ...zeros,
    ];
  });
}

/** A tensor of an entry, whose turn comes later. */
type Appended = readonly [name: string, data: Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>];

/** Appends quantized matrices to an entry that has declared them. Only one's codes are in memory at a time. */
export async function appendMatrices(
  entry: Pick<EntryWriter, "append">,
  matrices: QuantizedMatrices,
  done: (finished: number) => void,
  matrixOf: (weight: string, matrix: NamedMatrix[1]) => QuantizedMatrix | Promise<QuantizedMatrix>,
): Promise<void> {
  let finished = 0;
  for (const group of groupsOf(matrices)) {
    const scalesOf: Appended[] = [], flat: Appended[] = [], byRow: Appended[] = [];
    for (const [weight, matrix] of group) {
      const { codes, scales, zeros } = await matrixOf(weight, matrix), parts = partsOf(weight);
      entry.append(parts.codes, codes);
      scalesOf.push([parts.scales, scales]);
      if (zeros !== undefined) {
        const packed = packedZeros(zeros, matrix.columns, matrix.type);
        flat.push([parts.zeros[0], packed.flat]);
        byRow.push([parts.zeros[1], packed.byRow]);
      }
      done(++finished);
    }
    for (const [name, data] of [...scalesOf, ...flat, ...byRow]) entry.append(name, data);
  }
}
