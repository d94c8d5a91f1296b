/** An open file of a page. @module */
import type { SystemFile, SystemFileInfo } from "../../common/system_types.ts";
import { errors, NoSpace, withRoom } from "./errors.ts";
import type { FileNode, FolderNode } from "./tree.ts";

/** The owner of the tree that an open file is part of. */
export interface OpenOwner {
  info(node: FileNode | FolderNode): SystemFileInfo;
  wrote(node: FileNode): void;
  synced(): void;
  closed(node: FileNode): void;
}

/** Who holds an exclusive lock on which file or folder. There is one process, so nobody else can. */
const holders = new WeakMap<FileNode | FolderNode, OpenFile>();

/** How often a lock that another holds is requested again, in milliseconds. */
const retryAfter = 50;

/** How much {@linkcode OpenFile.readable} reads at a time. */
const chunkBytes = 1 << 20;

/** An open file or folder, with its own position in it. */
export class OpenFile implements SystemFile {
  readonly #owner: OpenOwner;
  readonly #node: FileNode | FolderNode;
  readonly #appends: boolean;
  #at = 0;
  #isClosed = false;

  constructor(owner: OpenOwner, node: FileNode | FolderNode, appends: boolean) {
    this.#owner = owner;
    this.#node = node;
    this.#appends = appends;
    if (node.kind === "file") node.open++;
  }

  readSync(target: Uint8Array): number | null {
    if (target.length === 0) return 0;
    const count = this.#file().blocks.read(target, { at: this.#at });
    this.#at += count;
    return count === 0 ? null : count;
  }

  writeSync(bytes: Uint8Array): number {
    const node = this.#file();
    if (this.#appends) this.#at = node.blocks.getSize();
    const count = withRoom(() => node.blocks.write(bytes, { at: this.#at }));
    if (count < bytes.length) throw new NoSpace();
    this.#at += count;
    this.#owner.wrote(node);
    return count;
  }

  seekSync(offset: number | bigint, from: number): number {
    const starts = [0, this.#at, this.statSync().size];
    return this.#at = (starts[from] ?? 0) + Number(offset);
  }

  truncateSync(length: number = 0): void {
    const node = this.#file();
    withRoom(() => node.blocks.truncate(length));
    this.#owner.wrote(node);
  }

  statSync(): SystemFileInfo {
    return this.#owner.info(this.#node);
  }

  syncSync(): void {
    if (this.#node.kind === "file") this.#node.blocks.flush();
    else this.#owner.synced();
  }

  syncDataSync(): void {
    this.syncSync();
  }

  utimeSync(used: number | Date, written: number | Date): void {
    const node = this.#file();
    node.used = milliseconds(used);
    this.#owner.wrote(node);
    node.written = milliseconds(written);
  }

  tryLockSync(_exclusive?: boolean): boolean {
    const holder = holders.get(this.#node);
    if (holder !== undefined && holder !== this) return false;
    holders.set(this.#node, this);
    return true;
  }

  lockSync(exclusive?: boolean): void {
    if (!this.tryLockSync(exclusive)) throw new Error("another part of this page holds the file");
  }

  async lock(exclusive?: boolean): Promise<void> {
    while (!this.tryLockSync(exclusive)) await new Promise((resolve) => setTimeout(resolve, retryAfter));
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream({
      pull: (controller) => {
        const chunk = new Uint8Array(chunkBytes), count = this.readSync(chunk);
        if (count !== null) return controller.enqueue(chunk.subarray(0, count));
        this.close();
        controller.close();
      },
      cancel: () => this.close(),
    });
  }

  close(): void {
    if (this.#isClosed) throw new Error("the file is already closed");
    this.#end();
  }

  [Symbol.dispose](): void {
    if (!this.#isClosed) this.#end();
  }

  read(target: Uint8Array): Promise<number | null> {
    return promised(() => this.readSync(target));
  }

  write(bytes: Uint8Array): Promise<number> {
    return promised(() => this.writeSync(bytes));
  }

  seek(offset: number | bigint, from: number): Promise<number> {
    return promised(() => this.seekSync(offset, from));
  }

  truncate(length?: number): Promise<void> {
    return promised(() => this.truncateSync(length));
  }

  stat(): Promise<SystemFileInfo> {
    return promised(() => this.statSync());
  }

  sync(): Promise<void> {
    return promised(() => this.syncSync());
  }

  utime(used: number | Date, written: number | Date): Promise<void> {
    return promised(() => this.utimeSync(used, written));
  }

  tryLock(exclusive?: boolean): Promise<boolean> {
    return promised(() => this.tryLockSync(exclusive));
  }

  #end(): void {
    this.#isClosed = true;
    if (holders.get(this.#node) === this) holders.delete(this.#node);
    if (this.#node.kind === "file") this.#owner.closed(this.#node);
  }

  #file(): FileNode {
    if (this.#isClosed) throw new Error("the file is closed");
    if (this.#node.kind === "file") return this.#node;
    throw new errors.IsADirectory("Is a directory");
  }
}

const milliseconds = (time: number | Date) => typeof time === "number" ? time * 1000 : time.getTime();

function promised<T>(act: () => T): Promise<T> {
  return new Promise((resolve) => resolve(act()));
}
