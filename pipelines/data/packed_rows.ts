/**
 * Examples and the records that they were made of as bytes, some hundred to a chunk, so that rows can be kept in a file
 * and read from it again.
 *
 * A chunk has the number of its rows, a few numbers about each, their ids and the like, and the texts of their records, in
 * this order; numbers are 32 bits, little-endian.
 *
 * @module
 */
import type { TokenizedExample } from "./examples.ts";

/** What a chunk says of each row, in this order. */
const columns = ["prompt", "completion", "taught", "text", "end", "flags", "record"] as const;

/** A number that is not there. */
const none = -1;

const flags = { types: 1, number: 2 } as const;

/** A chunk ends with the row that makes it this long. */
const [mostRows, mostBytes] = [256, 2 ** 19];

/** Rows on their way into a chunk. */
export class ChunkWriter {
  readonly #heads: number[] = [];
  readonly #texts: Uint8Array[] = [];
  readonly #numbers: number[] = [];
  #textBytes = 0;

  get rows(): number {
    return this.#texts.length;
  }

  get isFull(): boolean {
    return this.rows >= mostRows || this.#textBytes + 4 * this.#numbers.length >= mostBytes;
  }

  /**
   * Adds a row.
   *
   * @param prompt The whole text of its prompt, with which the example's begins.
   * @param record As {@linkcode recordText} has it.
   */
  add(example: Omit<TokenizedExample, "source">, text: string, prompt: string, record: string): void {
    const { prompt: ids, completion, taught, typeIds, endToken = none } = example;
    // A head's target may be any number, and is then two halves.
    const isNumber = completion.length === 1 && !isId(completion[0]!);
    const bytes = new TextEncoder().encode(record);
    this.#heads.push(
      ids.length,
      completion.length,
      taught?.length ?? none,
      text.length === prompt.length ? none : text.length,
      endToken,
      (typeIds === undefined ? 0 : flags.types) | (isNumber ? flags.number : 0),
      bytes.length,
    );
    const numbers = this.#numbers;
    for (const id of ids) numbers.push(id);
    if (isNumber) numbers.push(...new Int32Array(Float64Array.of(completion[0]!).buffer));
    else for (const id of completion) numbers.push(id);
    for (const at of taught ?? []) numbers.push(at);
    for (const type of typeIds ?? []) numbers.push(type);
    this.#texts.push(bytes);
    this.#textBytes += bytes.length;
  }

  /** The chunk, after which another one begins. */
  take(): Uint8Array {
    const numbers = Int32Array.of(this.rows, ...this.#heads);
    const size = 4 * (numbers.length + this.#numbers.length) + this.#textBytes;
    const chunk = new Uint8Array(Math.ceil(size / 8) * 8), ints = new Int32Array(chunk.buffer);
    ints.set(numbers);
    ints.set(this.#numbers, numbers.length);
    let at = 4 * (numbers.length + this.#numbers.length);
    for (const text of this.#texts) {
      chunk.set(text, at);
      at += text.length;
    }
    this.#heads.length =
      this.#texts.length =
      this.#numbers.length =
      this.#textBytes =
        0;
    return chunk;
  }
}

const isId = (value: number) => Number.isInteger(value) && value >= 0 && value < 2 ** 31 && !Object.is(value, -0);

/** A row of a chunk. */
export interface PackedRow {
  readonly example: Omit<TokenizedExample, "source">;
  /** How much of its prompt's text is the example's; all of it if `undefined`. */
  readonly textLength: number | undefined;
  /** The text of its record. */
  record(): string;
}

/**
 * The rows of a chunk.
 *
 * @param chunk Of a buffer of its own, from the start.
 */
export function chunkRows(chunk: Uint8Array<ArrayBuffer>): readonly PackedRow[] {
  const ints = new Int32Array(chunk.buffer, 0, chunk.length >> 2), count = ints[0]!;
  const heads = Array.from({ length: count }, (_, row) => {
    const [prompt = 0, completion = 0, taught = 0, text = 0, end = 0, bits = 0, record = 0] = ints.subarray(
      1 + row * columns.length,
      1 + (row + 1) * columns.length,
    );
    return { prompt, completion, taught, text, end, bits, record };
  });
  let at = 1 + count * columns.length;
  const take = (length: number) => ints.subarray(at, at += length);
  const rows = heads.map((head) => {
    const prompt = Array.from(take(head.prompt));
    const isNumber = (head.bits & flags.number) !== 0;
    const completion = isNumber ? [numberOf(take(2))] : Array.from(take(head.completion));
    const taught = head.taught === none ? {} : { taught: Array.from(take(head.taught)) };
    const types = (head.bits & flags.types) === 0 ? {} : { typeIds: Array.from(take(head.prompt)) };
    const end = head.end === none ? {} : { endToken: head.end };
    return { prompt, completion, ...taught, ...types, ...end };
  });
  let byte = 4 * at;
  return rows.map((example, row) => {
    const { text, record } = heads[row]!, start = byte;
    byte += record;
    return {
      example,
      textLength: text === none ? undefined : text,
      record: () => new TextDecoder("utf-8", { ignoreBOM: true }).decode(chunk.subarray(start, start + record)),
    };
  });
}

function numberOf(halves: Int32Array): number {
  return new Float64Array(Int32Array.from(halves).buffer)[0]!;
}
