/** How Parquet files' columns are decompressed. @module */
import type { Compressors } from "hyparquet";
import { compressors as all, decompressLz4, decompressLz4Raw } from "hyparquet-compressors";

/**
 * By the names of the format. Works around an error of the library: a page with only nulls is compressed from nothing,
 * which its LZ4 takes for damaged.
 */
export const compressors: Compressors = {
  ...all,
  LZ4: (input, length) => length === 0 ? new Uint8Array() : decompressLz4(input, length),
  LZ4_RAW: (input, length) => length === 0 ? new Uint8Array() : decompressLz4Raw(input, length),
};
