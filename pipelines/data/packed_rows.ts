/**
 * Examples and the records that they were made from, as bytes, a few hundred per chunk, so that rows can be stored in a
 * file and read from it again.
 *
 * A chunk has the number of its rows, a few numbers about each row, their ids, and the texts of their records, in this
 * order; numbers are 32 bits, little-endian.
 *
 * @module
 */
import type { TokenizedExample } from "./examples.ts";

/** What a chunk says of each row, in this order. */
const columns = [
  "prompt",
  "completion",
  "rejected",
  "reads",
  "seen",
  "taught",
  "text",
  "end",
  "bits",
  "record",
] as const;

/** An absent number. */
const none = -1;

const flags = { types: 1, number: 2, scored: 4 } as const;

/** A chunk ends with the row that makes it this long. */
const [mostRows, mostBytes] = [256, 2 ** 19];

/** Rows being collected into a chunk. */
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
   * @param prompt The whole text of its prompt, of which the example's text is a prefix.
   * @param record As {@linkcode recordText} returns it.
   */
  add(example: Omit<TokenizedExample, "source">, text: string, prompt: string, record: string): void {
    const { prompt: ids, completion, rejected, reads, isScored, taught, typeIds, endToken = none } = example;
    // A head's target may be any number, and is then two halves.
    const isNumber = completion.length === 1 && !isId(completion[0]!);
    const bytes = new TextEncoder().encode(record);
    this.#heads.push(
      ids.length,
      completion.length,
      rejected?.length ?? none,
      reads?.tokens.length ?? none,
      reads?.seen ?? none,
      taught?.length ?? none,
      text.length === prompt.length ? none : text.length,
      endToken,
      (typeIds === undefined ? 0 : flags.types) | (isNumber ? flags.number : 0) | (isScored ? flags.scored : 0),
      bytes.length,
    );
    const numbers = this.#numbers;
    for (const id of ids) numbers.push(id);
    if (isNumber) numbers.push(...new Int32Array(Float64Array.of(completion[0]!).buffer));
    else for (const id of completion) numbers.push(id);
    for (const id of rejected ?? []) numbers.push(id);
    for (const id of reads?.tokens ?? []) numbers.push(id);
    for (const at of taught ?? []) numbers.push(at);
    for (const type of typeIds ?? []) numbers.push(type);
    this.#texts.push(bytes);
    this.#textBytes += bytes.length;
  }

  /** Returns the chunk and begins another one. */
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
  /** The length of the prefix of its prompt's text that is the example's; all of it if `undefined`. */
  readonly textLength: number | undefined;
  /** The text of its record. */
  record(): string;
}

/** What a chunk stores about a row. */
type Head = Readonly<Record<typeof columns[number], number>>;

/** The rows of a chunk, each built on access, so that a chunk in memory takes little more than its bytes. */
export class PackedChunk {
  readonly length: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #ints: Int32Array<ArrayBuffer>;
  /** Where each row's numbers begin, and the last one's end. */
  readonly #numbers: Uint32Array;
  /** Where the text of each row's record begins, and the last one's ends. */
  readonly #texts: Uint32Array;

  /** @param bytes Must start at the beginning of their own buffer. */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
    this.#ints = new Int32Array(bytes.buffer, 0, bytes.length >> 2);
    this.length = this.#ints[0]!;
    this.#numbers = new Uint32Array(this.length + 1);
    this.#texts = new Uint32Array(this.length + 1);
    this.#numbers[0] = 1 + this.length * columns.length;
    for (let row = 0; row < this.length; row++) {
      this.#numbers[row + 1] = this.#numbers[row]! + numbersOf(this.#headAt(row));
    }
    this.#texts[0] = 4 * this.#numbers[this.length]!;
    for (let row = 0; row < this.length; row++) {
      this.#texts[row + 1] = this.#texts[row]! + this.#headAt(row).record;
    }
  }

  at(row: number): PackedRow {
    const head = this.#headAt(row), texts = this.#texts;
    return {
      example: exampleOf(this.#ints, head, this.#numbers[row]!),
      textLength: head.text === none ? undefined : head.text,
      record: () => {
        const text = this.#bytes.subarray(texts[row]!, texts[row + 1]!);
        return new TextDecoder("utf-8", { ignoreBOM: true }).decode(text);
      },
    };
  }

  #headAt(row: number): Head {
    const start = 1 + row * columns.length;
    const numbers = listOf(this.#ints, start, start + columns.length);
    const [prompt = 0, completion = 0, rejected = 0, reads = 0, seen = 0, taught = 0, ...rest] = numbers;
    const [text = 0, end = 0, bits = 0, record = 0] = rest;
    return { prompt, completion, rejected, reads, seen, taught, text, end, bits, record };
  }
}

/** How many numbers a row has after the heads. */
function numbersOf({ prompt, completion, rejected, reads, taught, bits }: Head): number {
  const answer = (bits & flags.number) === 0 ? completion : 2, others = Math.max(0, rejected) + Math.max(0, reads);
  return prompt + answer + others + Math.max(0, taught) + ((bits & flags.types) === 0 ? 0 : prompt);
}

function exampleOf(ints: Int32Array, head: Head, start: number): PackedRow["example"] {
  let at = start;
  const take = (length: number) => listOf(ints, at, at += length);
  const prompt = take(head.prompt);
  const completion = (head.bits & flags.number) === 0 ? take(head.completion) : [numberOf(take(2))];
  return {
    prompt,
    completion,
    ...head.rejected === none ? {} : { rejected: take(head.rejected) },
    ...head.reads === none ? {} : { reads: { tokens: take(head.reads), seen: head.seen } },
    ...(head.bits & flags.scored) === 0 ? {} : { isScored: true },
    ...head.taught === none ? {} : { taught: take(head.taught) },
    ...(head.bits & flags.types) === 0 ? {} : { typeIds: take(head.prompt) },
    ...head.end === none ? {} : { endToken: head.end },
  };
}

/** A range as a list; several times faster than with its iterator. */
function listOf(ints: Int32Array, start: number, end: number): number[] {
  const list: number[] = [];
  for (let at = start; at < end; at++) list.push(ints[at]!);
  return list;
}

function numberOf(halves: readonly number[]): number {
  return new Float64Array(Int32Array.from(halves).buffer)[0]!;
}
