/**
 * A base model's weights in 4 or 8 bits, computed once and kept in the store.
 *
 * @module
 */
import { system } from "../../common/system.ts";
import { blocksOf } from "../../../ops/table/quantization.ts";
import { RequestError } from "../../common/errors.ts";
import type { BareModel, ModelWeights } from "../../models/open/model.ts";
import { partsOf, quantizedDigest, quantizedMatrices, quantizedWeights } from "../../models/open/quantized_weights.ts";
import { type BitsName, codeBytes, quantize, type QuantizedMatrix } from "../../models/weights/quantization.ts";
import type { Entry, Store } from "../../store/store.ts";
import type { EntryWriter } from "../../store/writer.ts";
import type { Emit } from "../../results/events.ts";
import { beginWork } from "./work.ts";

/** The kind of the store's entries. */
export const quantizedKind = "quantize";

/** The size of a model's quantized matrices in bytes. */
export function quantizedBytes({ architecture }: Pick<BareModel, "architecture">, name: BitsName): number {
  return [...quantizedMatrices(architecture, name).values()].reduce((sum, { rows, columns, bits }) => {
    return sum + rows * blocksOf(columns) * (codeBytes[bits] + 4);
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
  const key = quantizedDigest(model.architecture, base.digest, name);
  const { entry, use } = await store.getMapped(quantizedKind, key) ??
    { entry: await make(store, key, model, base, name, emit), use: () => {} };
  const path = await system.realPath(entry.path);
  const file = { path, tensors: entry.tensors, use, readBytes: (tensor: string) => entry.readBytes(tensor) };
  return { weights: quantizedWeights(model.architecture, base, name, file), entry };
}

function make(
  store: Store,
  key: string,
  { architecture }: BareModel,
  base: ModelWeights,
  name: BitsName,
  emit: Emit,
): Promise<Entry> {
  const matrices = quantizedMatrices(architecture, name), done = beginWork(emit, "quantize", matrices.size, name);
  return store.putAndOpen(quantizedKind, key, async (entry) => {
    entry.declare({
      tensors: partsOfAll(matrices),
      metadata: { quantize: name, weights: base.digest },
    });
    await appendMatrices(entry, matrices, done, async (weight, { columns, bits }) => {
      return quantized(weight, await base.read(weight), columns, bits, base.record(weight).file);
    });
  });
}

type Matrices = ReturnType<typeof quantizedMatrices>;
type NamedMatrix = Matrices extends ReadonlyMap<infer Name, infer Matrix> ? readonly [Name, Matrix] : never;

/**
 * Matrices in the groups in which an entry has them. In a group all codes come first and then all scales, so that
 * several matrices with rows of equal length can be read as one.
 */
function groupsOf(matrices: Matrices): readonly (readonly NamedMatrix[])[] {
  const groups: NamedMatrix[][] = [];
  for (const named of matrices) {
    const group = groups.at(-1), [, before] = group?.[0] ?? [], [, { columns, bits }] = named;
    if (before?.columns === columns && before.bits === bits) group!.push(named);
    else groups.push([named]);
  }
  return groups;
}

/** The tensors of quantized matrices, as an entry declares them. */
export function partsOfAll(matrices: Matrices) {
  return groupsOf(matrices).flatMap((group) => {
    const counts = group.map(([weight, { rows, columns }]) => [partsOf(weight), rows * blocksOf(columns)] as const);
    const [, { bits }] = group[0]!;
    return [
      ...counts.map(([{ codes }, count]) => {
        return { name: codes, dtype: "U8" as const, shape: [count, codeBytes[bits]] };
      }),
      ...counts.map(([{ scales }, count]) => ({ name: scales, dtype: "F32" as const, shape: [count] })),
    ];
  });
}

/** Appends quantized matrices to an entry that has declared them. Only one's codes are in memory at a time. */
export async function appendMatrices(
  entry: Pick<EntryWriter, "append">,
  matrices: Matrices,
  done: (finished: number) => void,
  matrixOf: (weight: string, matrix: NamedMatrix[1]) => QuantizedMatrix | Promise<QuantizedMatrix>,
): Promise<void> {
  let finished = 0;
  for (const group of groupsOf(matrices)) {
    const scalesOf: (readonly [name: string, scales: Float32Array])[] = [];
    for (const [weight, matrix] of group) {
      const { codes, scales } = await matrixOf(weight, matrix);
      entry.append(partsOf(weight).codes, codes);
      scalesOf.push([partsOf(weight).scales, scales]);
      done(++finished);
    }
    for (const [name, scales] of scalesOf) entry.append(name, scales);
  }
}

function quantized(weight: string, data: Float32Array, columns: number, name: BitsName, file: string) {
  try {
    return quantize(data, columns, name);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RequestError(`the tensor ${weight} contains a value that is not finite; omit quantize`, { file });
  }
}
