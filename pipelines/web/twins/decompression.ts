/** The compression formats of files of rows, replacing `data/files/decompression.ts`. @module */
import { RequestError } from "../../common/errors.ts";

/** A compression format. */
export interface Compression {
  readonly name: string;
  readonly magic: readonly number[];
  readonly decompress: (source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
}

/** The formats that browsers support, and one that they do not. */
export const compressions: readonly Compression[] = [
  { name: "gzip", magic: [0x1f, 0x8b], decompress: gunzip },
  { name: "zstd", magic: [0x28, 0xb5, 0x2f, 0xfd], decompress: refuse },
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
