/** Lists of JSON values of which each is kept as its text, and made again whenever it is asked for. @module */
import { MadeRows, type RowList } from "./row_list.ts";

const encoder = new TextEncoder(), decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text of a value as JSON, in which members that are undefined are omitted. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value, (name, member: unknown) => {
    if (typeof member !== "number" || Number.isFinite(member)) return member;
    throw new TypeError(`Expected a document of finite numbers but "${name}" is ${member}`);
  });
  if (text === undefined) throw new TypeError(`Expected a document to be a JSON value but found ${typeof value}`);
  return text;
}

/**
 * Values one after the other, as the bytes of their JSON: what an object takes on the heap is several times as much, and
 * is moved by the collector again and again. Equal values in sequence are kept once.
 */
export class JsonRows<T> {
  #bytes: Uint8Array<ArrayBuffer>;
  #used = 0;
  #starts = new Float64Array(256);
  #lengths = new Uint32Array(256);
  #length = 0;

  /** @param expected About how many bytes come. */
  constructor(expected = 2 ** 12) {
    this.#bytes = new Uint8Array(Math.max(1, expected));
  }

  /**
   * The values of a JSON array.
   *
   * @param text Its bytes, in UTF-8.
   * @throws {SyntaxError} If it is no array.
   */
  static parse<T>(text: Uint8Array): JsonRows<T> {
    const rows = new JsonRows<T>(text.length), end = text.length - 1;
    if (text[0] !== codes.open || text[end] !== codes.close) throw new SyntaxError("Expected the text of a JSON array");
    for (let start = 1; start < end;) {
      const next = endOfValue(text, start, end);
      rows.#add(text.subarray(start, next));
      start = next + 1;
    }
    return rows;
  }

  get length(): number {
    return this.#length;
  }

  /** @throws {TypeError} If it is not JSON; a number that is not finite would come back as null. */
  push(value: T): void {
    this.#add(encoder.encode(jsonText(value)));
  }

  at(index: number): T {
    if (!(index >= 0 && index < this.#length)) {
      throw new RangeError(`Expected one of ${this.#length} but found ${index}`);
    }
    return JSON.parse(decoder.decode(this.#textAt(index)));
  }

  /**
   * The values as a list, which may be read while more are added.
   *
   * @param order Which of them comes first, and so on; as they were added if omitted.
   */
  list(order?: Uint32Array): RowList<T> {
    return order === undefined
      ? new MadeRows(this.#length, (index) => this.at(index))
      : new MadeRows(order.length, (index) => this.at(order[index]!));
  }

  #textAt(index: number): Uint8Array<ArrayBuffer> {
    const start = this.#starts[index]!;
    return this.#bytes.subarray(start, start + this.#lengths[index]!);
  }

  #add(text: Uint8Array): void {
    if (this.#length === this.#starts.length) {
      this.#starts = new Float64Array(this.#starts.buffer.transfer(2 * this.#starts.byteLength));
      this.#lengths = new Uint32Array(this.#lengths.buffer.transfer(2 * this.#lengths.byteLength));
    }
    const isRepeated = this.#length > 0 && areEqual(this.#textAt(this.#length - 1), text);
    this.#starts[this.#length] = isRepeated ? this.#starts[this.#length - 1]! : this.#append(text);
    this.#lengths[this.#length++] = text.length;
  }

  /** Where the text starts. */
  #append(text: Uint8Array): number {
    const start = this.#used, end = this.#used = start + text.length;
    if (end > this.#bytes.length) {
      const room = Math.max(end, Math.ceil(1.5 * this.#bytes.length));
      this.#bytes = new Uint8Array(this.#bytes.buffer.transfer(room));
    }
    this.#bytes.set(text, start);
    return start;
  }
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** What is made of each row, once. */
export function keptOf<T, U>(rows: RowList<T>, make: (row: T, index: number) => U): RowList<U> {
  const kept = new JsonRows<U>();
  let index = 0;
  for (const row of rows) kept.push(make(row, index++));
  return kept.list();
}

const codes = {
  open: 0x5b,
  close: 0x5d,
  comma: 0x2c,
  quote: 0x22,
  backslash: 0x5c,
  openObject: 0x7b,
  closeObject: 0x7d,
};

/** Where the comma is that follows the value at a place, or the end. */
function endOfValue(text: Uint8Array, start: number, end: number): number {
  let depth = 0, inText = false;
  for (let at = start; at < end; at++) {
    const code = text[at];
    if (inText) {
      if (code === codes.backslash) at++;
      else if (code === codes.quote) inText = false;
    } else if (code === codes.quote) inText = true;
    else if (code === codes.open || code === codes.openObject) depth++;
    else if (code === codes.close || code === codes.closeObject) depth--;
    else if (code === codes.comma && depth === 0) return at;
  }
  return end;
}
