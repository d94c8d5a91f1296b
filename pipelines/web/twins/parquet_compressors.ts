/**
 * How Parquet files' columns are decompressed, replacing `data/files/parquet_compressors.ts`: Brotli's dictionary alone
 * would be a tenth of the page's script.
 *
 * @module
 */
import { decompress as decompressZstd } from "fzstd";
import type { Compressors } from "hyparquet";
import { gunzip } from "hyparquet-compressors/src/gzip.js";
import { decompressLz4, decompressLz4Raw } from "hyparquet-compressors/src/lz4.js";

/** By the names of the format; hyparquet itself has Snappy's. */
export const compressors: Compressors = {
  GZIP: (input, length) => gunzip(input, new Uint8Array(length)),
  ZSTD: (input) => decompressZstd(input),
  LZ4: (input, length) => length === 0 ? new Uint8Array() : decompressLz4(input, length),
  LZ4_RAW: (input, length) => length === 0 ? new Uint8Array() : decompressLz4Raw(input, length),
  BROTLI: () => {
    throw new Error("a page reads no columns compressed with Brotli; write them with Snappy or zstd");
  },
};
