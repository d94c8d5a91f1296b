/** Reads bytes from front to back, little-endian. Reading past the end throws a RangeError. @module */

/** A position in some bytes that advances with each read. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.#take(1)[0]!;
  }

  /** An unsigned number. */
  unsigned(bytes: number): number {
    return this.#take(bytes).reduce((value, byte, at) => value + byte * 2 ** (8 * at), 0);
  }

  /** A number in two's complement; 0 for zero bytes. */
  signed(bytes: number): number {
    const taken = this.#take(bytes);
    const isNegative = (taken.at(-1) ?? 0) > 0x7f;
    return taken.reduce((value, byte, at) => value + byte * 2 ** (8 * at), isNegative ? -(2 ** (8 * bytes)) : 0);
  }

  text(bytes: number): string {
    return new TextDecoder().decode(this.#take(bytes));
  }

  /** The text up to the next line end. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw new RangeError("The line is cut short");
    const text = this.text(end - this.#at);
    this.skip(1);
    return text;
  }

  /** Whether at least that many line ends follow. */
  hasLines(count: number): boolean {
    let at = this.#at;
    for (let line = 0; line < count; line++) {
      at = this.#bytes.indexOf(0x0a, at) + 1;
      if (at === 0) return false;
    }
    return true;
  }

  skip(bytes: number): void {
    this.#take(bytes);
  }

  #take(bytes: number): Uint8Array {
    const end = this.#at + bytes;
    if (end > this.#bytes.length) throw new RangeError("The bytes are cut short");
    return this.#bytes.subarray(this.#at, this.#at = end);
  }
}
