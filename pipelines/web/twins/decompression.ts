/** The compression formats of files of rows, replacing `data/files/decompression.ts`. @module */
import { type Compression, isGzip } from "../../data/files/compression.ts";
import { isZstd } from "../../data/files/zstd_frames.ts";
import { RequestError } from "../../common/errors.ts";

/** The formats that browsers support, and one that they do not. */
export const compressions: readonly Compression[] = [
  { name: "gzip", is: isGzip, decompress: gunzip },
  { name: "zstd", is: isZstd, decompress: refuse },
];

function gunzip(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return ReadableStream.from(copies(source)).pipeThrough(new DecompressionStream("gzip"));
}

async function* copies(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const chunk of source) yield chunk.slice();
}

function refuse(): never {
  throw new RequestError("a page cannot read files compressed with zstd; unpack it first");
}
