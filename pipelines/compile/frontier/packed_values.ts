/**
 * The kept values of single examples, packed without padding, and gathered into padded batches.
 *
 * @module
 */
import type { RowList } from "../../common/row_list.ts";
import { type Bindings, elementCount, evaluateShape } from "../../../ops/program/dimension.ts";
import type { HostTensor } from "../../runtime/runtime.ts";
import { isShared, type KeptValue } from "./cut.ts";
import type { LaidOutRow } from "../rows/laid_out_rows.ts";
import { allExtents, extentsAt, lengthsOf } from "../rows/row_lengths.ts";

/** Where a kept value is within an example's packed elements. */
interface PackedValue {
  readonly name: string;
  readonly start: number;
  /** Its extents for this example, without the batch. */
  readonly extents: readonly number[];
}

/** The layout of an example's packed elements. */
export function packedValues(kept: readonly KeptValue[], row: Bindings): { values: PackedValue[]; count: number } {
  let count = 0;
  const values = kept.map(({ name, value }) => {
    const extents = evaluateShape(value.shape.slice(1), row);
    const start = count;
    count += elementCount(extents);
    return { name, start, extents };
  });
  return { values, count };
}

/**
 * The size of rows' kept values in the store, in bytes.
 *
 * @param taken The indices of the rows; all rows if `undefined`.
 */
export function packedBytes(kept: readonly KeptValue[], rows: RowList<LaidOutRow>, taken?: Uint32Array): number {
  const [own, shared] = [kept.filter((value) => !isShared(value)), kept.filter(isShared)];
  // Rows with equal extents have the same size, and many rows have few distinct extents.
  const lengths = lengthsOf(rows), counts = new Map<string, number>();
  let sum = packedValues(shared, allExtents(rows)).count;
  for (let at = 0; at < (taken ?? rows).length; at++) {
    const row = taken === undefined ? at : taken[at]!;
    const key = `${lengths.context[row]} ${lengths.tail[row]}`;
    sum += counts.getOrInsertComputed(key, () => packedValues(own, extentsAt(lengths, row)).count);
  }
  return 4 * sum;
}

/** Elements that are contiguous both in an unpadded row and in its padded row of a batch. */
interface Run {
  /** The index of the first one in the row. */
  readonly from: number;
  /** The index of the first one in the batch. */
  readonly to: number;
  readonly count: number;
  /** The number of padding elements that follow in the batch. */
  readonly padding: number;
}

/** The runs of a row, in order. */
function runsOf(extents: readonly number[], padded: readonly number[], index: number): Run[] {
  // The innermost axes without padding are copied as one run.
  let depth = extents.length;
  while (depth > 0 && extents[depth - 1] === padded[depth - 1]) depth--;
  const axis = Math.max(0, depth - 1);
  const count = elementCount(extents.slice(axis)), paddedCount = elementCount(padded.slice(axis));
  const outer = elementCount(extents.slice(0, axis)), base = index * elementCount(padded);
  return Array.from({ length: outer }, (_, block) => {
    const to = base + paddedBlock(block, extents, padded, axis) * paddedCount;
    return { from: block * count, to, count, padding: paddedCount - count };
  });
}

/**
 * Copies a row without padding into its padded row of a batch.
 *
 * @param read Reads the row's elements from an index on, as many as fit into the target.
 */
export function fillRow(
  read: (start: number, target: Float32Array) => void,
  extents: readonly number[],
  batch: Float32Array,
  padded: readonly number[],
  index: number,
): void {
  for (const { from, to, count, padding } of runsOf(extents, padded, index)) {
    if (count > 0) read(from, batch.subarray(to, to + count));
    batch.fill(0, to + count, to + count + padding);
  }
}

/** Extracts a row of a padded batch, without the padding. */
export function takeRow(
  row: Float32Array,
  extents: readonly number[],
  batch: Float32Array,
  padded: readonly number[],
  index: number,
): void {
  for (const { from, to, count } of runsOf(extents, padded, index)) row.set(batch.subarray(to, to + count), from);
}

/** The index of an outer block in the padded tensor, whose outer axes may be padded, too. */
function paddedBlock(block: number, extents: readonly number[], padded: readonly number[], axis: number): number {
  let rest = block, number = 0, stride = 1;
  for (let outer = axis - 1; outer >= 0; outer--) {
    number += (rest % extents[outer]!) * stride;
    rest = Math.floor(rest / extents[outer]!);
    stride *= padded[outer]!;
  }
  return number;
}

/** Buffers that are reused for feeding, and grown if a batch needs more. */
export class FeedBuffers {
  readonly #tensors = new Map<string, HostTensor>();

  /** A tensor to fill; its previous content is not cleared. */
  take(name: string, shape: readonly number[]): HostTensor {
    const count = elementCount(shape);
    const known = this.#tensors.get(name);
    const buffer = known !== undefined && known.data.buffer.byteLength >= 4 * count
      ? known.data.buffer
      : new ArrayBuffer(4 * count);
    const tensor: HostTensor = { data: new Float32Array(buffer, 0, count), shape };
    this.#tensors.set(name, tensor);
    return tensor;
  }
}
