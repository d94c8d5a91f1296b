/**
 * Rows in an entry of the store: one tensor with all of them, in the order in which they were computed, and each row's
 * start in it.
 *
 * @module
 */
import type { Entry } from "../../store/entry.ts";
import type { EntryWriter } from "../../store/store.ts";

/** A tensor that is written as a whole, before the rows. */
interface WholeTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What an entry holds besides its rows. */
export interface BesideRows {
  readonly before?: readonly WholeTensor[];
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What an entry of rows holds. */
interface RowsDeclaration extends BesideRows {
  /** In the order in which they will be added. */
  readonly order: readonly number[];
  /** The number of elements of a row. */
  readonly count: (row: number) => number;
  /** The number of rows, including those that the entry does not hold. */
  readonly rows: number;
}

const names = { starts: "rows.starts", rows: "rows.values" } as const;

/** The most elements that are read together; 1 MiB of them. */
const windowLength = 2 ** 18;

/** Where a row would begin that is not there. */
const absent = -1;

/** Declares an entry of rows and writes everything except the rows; {@linkcode appendRow} adds each of them. */
export function beginRows(
  writer: EntryWriter,
  { order, count, rows, before = [], metadata = {} }: RowsDeclaration,
): void {
  const starts = new Float64Array(rows).fill(absent);
  let elements = 0;
  for (const row of order) {
    starts[row] = elements;
    elements += count(row);
  }
  writer.declare({
    tensors: [
      ...before.map(({ name, shape }) => ({ name, dtype: "F32" as const, shape })),
      { name: names.starts, dtype: "F64", shape: [rows] },
      { name: names.rows, dtype: "F32", shape: [elements] },
    ],
    metadata,
  });
  for (const { name, data } of before) writer.append(name, data);
  writer.append(names.starts, starts);
}

/** Adds the next row. */
export function appendRow(writer: EntryWriter, values: Float32Array): void {
  writer.append(names.rows, values);
}

/** Reads the rows of an entry. */
export class RowReader {
  readonly #entry: Entry;
  readonly #starts: Float64Array;
  /** Elements that were read together, and the first of them in the entry. */
  #window = { start: 0, values: new Float32Array(0) };

  private constructor(entry: Entry, starts: Float64Array) {
    this.#entry = entry;
    this.#starts = starts;
  }

  static async of(entry: Entry): Promise<RowReader> {
    return new RowReader(entry, new Float64Array((await entry.readBytes(names.starts)).buffer));
  }

  /**
   * Fills an array with elements of a row, at once. They are best asked for in their order: small runs of them are read
   * together.
   *
   * @param count How many elements the row has.
   */
  readInto(row: number, target: Float32Array, from: number, count: number): void {
    const first = this.#starts[row] ?? absent;
    if (first === absent) throw new RangeError(`Row ${row} was not encoded`);
    if (from + target.length > count) {
      throw new RangeError(`Row ${row} has ${count} elements, and not ${target.length} from ${from} up`);
    }
    const start = first + from, end = start + target.length;
    if (target.length >= windowLength) return this.#entry.readInto(names.rows, target, start);
    let { start: known, values } = this.#window;
    if (start < known || end > known + values.length) {
      const buffer = values.length === 0 ? new ArrayBuffer(4 * windowLength) : values.buffer;
      known = start;
      values = new Float32Array(buffer, 0, Math.min(windowLength, first + count - start));
      // A read that fails leaves none.
      this.#window = { start: 0, values: new Float32Array(0) };
      this.#entry.readInto(names.rows, values, start);
      this.#window = { start, values };
    }
    target.set(values.subarray(start - known, end - known));
  }
}
