/**
 * The frames that a zstd file consists of (RFC 8878, section 3.1). Node's decompressor reads one and ignores what
 * follows it, and takes the end of its input for the end of a frame.
 *
 * @module
 */

/** The magic number of a frame, and that of a frame to skip, of which the lowest four bits are free. */
const magic = 0xfd2fb528, skippable = 0x184d2a50;

/** Whether a frame has this magic number and is to be skipped, as parallel compressors write one before each frame. */
const isSkipped = (number: number) => number - number % 16 === skippable;

/** Whether a file with these bytes at its start consists of such frames. */
export function isZstd(bytes: Uint8Array): boolean {
  const number = valueOf(bytes.subarray(0, 4));
  return number === magic || isSkipped(number);
}

/** Bytes that are read one after the other. */
class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array();

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Whether there are no more. */
  async isAtEnd(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const { done, value } = await this.#source.next();
      if (done) return true;
      this.#chunk = value;
    }
    return false;
  }

  /**
   * The next bytes, in as many pieces as they come in.
   *
   * @throws {Error} If there are fewer.
   */
  async *pieces(count: number): AsyncGenerator<Uint8Array> {
    for (let missing = count; missing > 0;) {
      if (await this.isAtEnd()) throw new Error("unexpected end of file");
      const piece = this.#chunk.subarray(0, missing);
      this.#chunk = this.#chunk.subarray(piece.length);
      missing -= piece.length;
      yield piece;
    }
  }

  /** The same as one piece. */
  async read(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count);
    let at = 0;
    for await (const piece of this.pieces(count)) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }
}

/**
 * The frames of a file, each of which must be read to its end before the next is requested.
 *
 * @throws {Error} While they are read, if a frame ends early or something else follows one.
 */
export async function* zstdFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<AsyncIterable<Uint8Array>> {
  const bytes = new ByteReader(source);
  while (!await bytes.isAtEnd()) {
    const start = await bytes.read(4), number = valueOf(start);
    if (number === magic) {
      yield frame(bytes, start);
    } else if (isSkipped(number)) {
      for await (const _ of bytes.pieces(valueOf(await bytes.read(4))));
    } else {
      throw new Error("a frame is followed by bytes that are none");
    }
  }
}

async function* frame(bytes: ByteReader, start: Uint8Array): AsyncGenerator<Uint8Array> {
  yield start;
  const described = await bytes.read(1), descriptor = described[0]!;
  yield described;
  const isSingleSegment = (descriptor & 0x20) !== 0, hasChecksum = (descriptor & 4) !== 0;
  const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!, dictionary = [0, 1, 2, 4][descriptor & 3]!;
  yield await bytes.read((isSingleSegment ? 0 : 1) + dictionary + contentSize);
  for (let isLast = false; !isLast;) {
    const header = await bytes.read(3), block = valueOf(header), isRepeated = (block >> 1 & 3) === 1;
    yield header;
    // A byte that is repeated is stored once.
    yield* bytes.pieces(isRepeated ? 1 : block >> 3);
    isLast = (block & 1) === 1;
  }
  if (hasChecksum) yield await bytes.read(4);
}

/** Bytes as an integer, the lowest first. */
function valueOf(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}
