/** The compression formats of files of rows. @module */
import { type Duplex, Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { type Compression, isGzip } from "./compression.ts";
import { isZstd, zstdFrames } from "./zstd_frames.ts";

/** The supported formats. */
export const compressions: readonly Compression[] = [
  { name: "gzip", is: isGzip, decompress: (source) => through(createGunzip(), source) },
  { name: "zstd", is: isZstd, decompress: framed },
];

async function* framed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const frame of zstdFrames(source)) yield* through(createZstdDecompress(), frame);
}

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
