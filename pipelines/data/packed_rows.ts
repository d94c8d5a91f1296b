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

/** Rows being collected into a chunk, in buffers that are used again for the next one. */
export class ChunkWriter {
  readonly #heads = new Int32Array(mostRows * columns.length);
  #numbers = new Int32Array(mostBytes / 16);
  #texts = new Uint8Array(mostBytes / 4);
  #rows = 0;
  /** How many numbers and bytes of text there are. */
  #numberCount = 0;
  #textBytes = 0;

  get rows(): number {
    return this.#rows;
  }

  get isFull(): boolean {
    return this.#rows >= mostRows || this.#textBytes + 4 * this.#numberCount >= mostBytes;
  }

  /**
   * Adds a row to a chunk that is not full.
   *
   * @param prompt The whole text of its prompt, of which the example's text is a prefix.
   * @param record As {@linkcode recordText} returns it.
   */
  add(example: Omit<TokenizedExample, "source">, text: string, prompt: string, record: string): void {
    const { prompt: ids, completion, rejected, reads, isScored, taught, typeIds, endToken = none } = example;
    // A head's target may be any number, and is then two halves.
    const isNumber = completion.length === 1 && !isId(completion[0]!);
    const head = [
      ids.length,
      completion.length,
      rejected?.length ?? none,
      reads?.tokens.length ?? none,
      reads?.seen ?? none,
      taught?.length ?? none,
      text.length === prompt.length ? none : text.length,
      endToken,
      (typeIds === undefined ? 0 : flags.types) | (isNumber ? flags.number : 0) | (isScored ? flags.scored : 0),
      this.#addText(record),
    ];
    this.#heads.set(head, this.#rows++ * columns.length);
    this.#addNumbers(ids);
    this.#addNumbers(isNumber ? [...new Int32Array(Float64Array.of(completion[0]!).buffer)] : completion);
    for (const others of [rejected, reads?.tokens, taught, typeIds]) {
      if (others !== undefined) this.#addNumbers(others);
    }
  }

  /** Returns the chunk and begins another one. */
  take(): Uint8Array {
    const heads = 1 + this.#rows * columns.length, textsAt = 4 * (heads + this.#numberCount);
    const chunk = new Uint8Array(Math.ceil((textsAt + this.#textBytes) / 8) * 8), ints = new Int32Array(chunk.buffer);
    ints[0] = this.#rows;
    ints.set(this.#heads.subarray(0, heads - 1), 1);
    ints.set(this.#numbers.subarray(0, this.#numberCount), heads);
    chunk.set(this.#texts.subarray(0, this.#textBytes), textsAt);
    this.#rows = this.#numberCount = this.#textBytes = 0;
    return chunk;
  }

  #addNumbers(numbers: readonly number[]): void {
    const start = this.#numberCount, end = start + numbers.length;
    if (end > this.#numbers.length) this.#numbers = new Int32Array(this.#numbers.buffer.transfer(8 * end));
    const all = this.#numbers;
    for (let at = 0; at < numbers.length; at++) all[start + at] = numbers[at]!;
    this.#numberCount = end;
  }

  /** Returns the number of bytes. */
  #addText(text: string): number {
    const start = this.#textBytes, end = start + bytesPerUnit * text.length;
    if (end > this.#texts.length) this.#texts = new Uint8Array(this.#texts.buffer.transfer(2 * end));
    const { written } = encoder.encodeInto(text, this.#texts.subarray(start));
    this.#textBytes += written;
    return written;
  }
}

const encoder = new TextEncoder();

/** The maximum number of UTF-8's bytes for a unit of UTF-16. */
const bytesPerUnit = 3;

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
