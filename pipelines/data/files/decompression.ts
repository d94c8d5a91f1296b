/** The compression formats of files of rows. @module */
import { type Duplex, Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";

/** A compression format. */
export interface Compression {
  readonly name: string;
  /** The bytes that such a file begins with. */
  readonly magic: readonly number[];
  /** Decompresses only as far as requested. Throws what its source throws, and an Error for damaged data. */
  readonly decompress: (source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
}

/** The supported formats. */
export const compressions: readonly Compression[] = [
  { name: "gzip", magic: [0x1f, 0x8b], decompress: (source) => through(createGunzip(), source) },
  { name: "zstd", magic: [0x28, 0xb5, 0x2f, 0xfd], decompress: (source) => through(createZstdDecompress(), source) },
];

async function* through(output: Duplex, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = Readable.from(source, { objectMode: false });
  let refused: unknown;
  input.on("error", (fault) => {
    refused = fault;
    output.destroy(fault);
  });
  try {
    for await (const chunk of input.pipe(output)) yield chunk;
  } catch (fault) {
    throw refused ?? fault;
  } finally {
    input.destroy();
    output.destroy();
  }
}
