/** Where the bytes of a file are: in memory, or in a file of the browser's. @module */

/** Bytes that are read and written at once; what the browser calls a FileSystemSyncAccessHandle is one. */
export interface Blocks {
  read(target: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
}

/** Bytes in memory. */
export class MemoryBlocks implements Blocks {
  #bytes = new Uint8Array(0);
  #size = 0;

  read(target: Uint8Array, { at }: { at: number }): number {
    const found = this.#bytes.subarray(Math.min(at, this.#size), Math.min(at + target.length, this.#size));
    target.set(found);
    return found.length;
  }

  write(bytes: Uint8Array, { at }: { at: number }): number {
    const end = at + bytes.length;
    if (end > this.#bytes.length) this.#grow(Math.max(end, 2 * this.#bytes.length));
    this.#bytes.set(bytes, at);
    this.#size = Math.max(this.#size, end);
    return bytes.length;
  }

  truncate(size: number): void {
    if (size > this.#bytes.length) this.#grow(size);
    else this.#bytes.fill(0, size);
    this.#size = size;
  }

  getSize(): number {
    return this.#size;
  }

  flush(): void {}

  #grow(length: number): void {
    const grown = new Uint8Array(length);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** Gives files their places, and takes them back. */
export interface BlockSource {
  /** Gives an empty place. */
  take(): { readonly slot: number | undefined; readonly blocks: Blocks };
  /** Takes a place back. */
  release(blocks: Blocks): void;
  /** Sees that what the tree says of the files is kept; at once if it has to be on the disk. */
  changed(now: boolean): void;
}

/** Places in memory alone. */
export const memorySource: BlockSource = {
  take: () => ({ slot: undefined, blocks: new MemoryBlocks() }),
  release() {},
  changed() {},
};
