/** Where the bytes of a file are: in memory, or in a file of the browser's. @module */

/** Bytes that are read and written synchronously; the browser's FileSystemSyncAccessHandle is one implementation. */
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

/** Allocates places for files, and releases them. */
export interface BlockSource {
  /** Allocates an empty place. */
  take(): { readonly slot: number | undefined; readonly blocks: Blocks };
  /** Releases a place. */
  release(blocks: Blocks): void;
  /** Saves the tree's record of the files; immediately if it must be on disk. */
  changed(now: boolean): void;
}

/** Places only in memory. */
export const memorySource: BlockSource = {
  take: () => ({ slot: undefined, blocks: new MemoryBlocks() }),
  release() {},
  changed() {},
};
