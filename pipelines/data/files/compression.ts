/** A compression format of files of rows, and how gzip's is recognized. @module */

/** A compression format. */
export interface Compression {
  readonly name: string;
  /** Whether a file with these bytes at its start has the format. */
  readonly is: (bytes: Uint8Array) => boolean;
  /** Decompresses only as far as requested. Throws what its source throws, and an Error for damaged data. */
  readonly decompress: (source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
}

/** Whether a file with these bytes at its start is gzip's. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;
