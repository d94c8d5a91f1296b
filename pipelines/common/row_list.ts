/** Lists of rows that need not be in memory. @module */

/** A readable list of rows: an array, or rows that are built on access. */
export interface RowList<T> {
  readonly length: number;
  at(index: number): T | undefined;
  map<U>(make: (row: T, index: number) => U): U[];
  reduce<U>(add: (sum: U, row: T, index: number) => U, start: U): U;
  some(holds: (row: T, index: number) => boolean): boolean;
  every(holds: (row: T, index: number) => boolean): boolean;
  filter(holds: (row: T, index: number) => boolean): T[];
  [Symbol.iterator](): Iterator<T>;
}

/** Rows that are built on each access. */
export class MadeRows<T> implements RowList<T> {
  readonly length: number;
  readonly #make: (index: number) => T;

  /** @param make Receives an index below the length; returns equal rows each time. */
  constructor(length: number, make: (index: number) => T) {
    this.length = length;
    this.#make = make;
  }

  at(index: number): T | undefined {
    const from = index < 0 ? this.length + index : index;
    return from >= 0 && from < this.length ? this.#make(from) : undefined;
  }

  map<U>(make: (row: T, index: number) => U): U[] {
    return Array.from({ length: this.length }, (_, index) => make(this.#make(index), index));
  }

  reduce<U>(add: (sum: U, row: T, index: number) => U, start: U): U {
    let sum = start;
    for (let index = 0; index < this.length; index++) sum = add(sum, this.#make(index), index);
    return sum;
  }

  some(holds: (row: T, index: number) => boolean): boolean {
    for (let index = 0; index < this.length; index++) if (holds(this.#make(index), index)) return true;
    return false;
  }

  every(holds: (row: T, index: number) => boolean): boolean {
    return !this.some((row, index) => !holds(row, index));
  }

  filter(holds: (row: T, index: number) => boolean): T[] {
    return this.reduce<T[]>((found, row, index) => {
      if (holds(row, index)) found.push(row);
      return found;
    }, []);
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let index = 0; index < this.length; index++) yield this.#make(index);
  }
}

/** Maps rows: immediately if they are in memory, otherwise on each access. */
export function madeOf<T, U>(rows: RowList<T>, make: (row: T, index: number) => U): RowList<U> {
  if (Array.isArray(rows)) return rows.map(make);
  return new MadeRows(rows.length, (index) => make(rows.at(index)!, index));
}

/** Maps each row to several, one after the other; likewise for rows that are not in memory. */
export function flatMadeOf<T, U>(rows: RowList<T>, make: (row: T, index: number) => readonly U[]): RowList<U> {
  if (Array.isArray(rows)) return rows.flatMap(make);
  const starts = new Float64Array(rows.length + 1);
  rows.reduce((sum, row, index) => starts[index + 1] = sum + make(row, index).length, 0);
  let row = -1, made: readonly U[] = [];
  return new MadeRows(starts[rows.length]!, (index) => {
    if (row < 0 || index < starts[row]! || index >= starts[row + 1]!) {
      row = lastUpTo(starts, index);
      made = make(rows.at(row)!, row);
    }
    return made[index - starts[row]!]!;
  });
}

/** The index of the last of ascending numbers that is no more than a given one. */
export function lastUpTo(numbers: Float64Array, most: number): number {
  let low = 0, high = numbers.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (numbers[middle]! <= most) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Rows as a longer list, in which each occurs equally often. */
export function stretched<T>(rows: RowList<T>, length: number): RowList<T> {
  return new MadeRows(length, (index) => rows.at(Math.floor(index * rows.length / length))!);
}

/** Lists one after the other, without copying those that are not in memory. */
export function joinedRows<T>(one: RowList<T>, other: RowList<T>): RowList<T> {
  if (other.length === 0) return one;
  return new MadeRows(one.length + other.length, (index) => {
    return (index < one.length ? one.at(index) : other.at(index - one.length))!;
  });
}
