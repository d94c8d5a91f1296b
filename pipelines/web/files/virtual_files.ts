/** The files of a page: names in memory, bytes in places allocated by a source. @module */
import type {
  SystemEntry,
  SystemFile,
  SystemFileInfo,
  SystemFiles,
  SystemOpenOptions,
} from "../../common/system_types.ts";
import { type BlockSource, memorySource } from "./blocks.ts";
import { errors } from "./errors.ts";
import { OpenFile, type OpenOwner } from "./open_file.ts";
import {
  type FileNode,
  find,
  type FolderNode,
  idOfSlot,
  newFolder,
  nextId,
  type Place,
  type TreeNode,
} from "./tree.ts";

/** The folder that relative paths are resolved from. */
export const home = "/home";

/** The folder of temporary files. */
const temporary = "/tmp";

/** Files with Deno's names and errors. */
export class VirtualFiles implements SystemFiles, OpenOwner {
  readonly SeekMode = { Start: 0, Current: 1, End: 2 } as const;
  readonly errors = errors;
  #root: FolderNode = newFolder();
  #source: BlockSource = memorySource;

  /** Switches to the files of a source; files that are only in memory are dropped. */
  attach(root: FolderNode, source: BlockSource): void {
    this.#root = root;
    this.#source = source;
    this.mkdirSync(home, { recursive: true });
  }

  makeTempFileSync({ prefix }: { readonly prefix: string }): string {
    const path = `${temporary}/${prefix}${crypto.randomUUID()}`;
    this.mkdirSync(temporary, { recursive: true });
    this.openSync(path, { write: true, createNew: true }).close();
    return path;
  }

  cwd(): string {
    return home;
  }

  openSync(path: string | URL, options: SystemOpenOptions = { read: true }): SystemFile {
    const { write = false, append = false, truncate = false, create = false, createNew = false } = options;
    const place = this.#place(path, true), writes = write || append;
    if (createNew && place.node !== undefined) throw new errors.AlreadyExists(`File exists: ${place.path}`);
    if (place.node === undefined && !(writes && (create || createNew))) throw notFound(path);
    const node = place.node ?? this.#make(place);
    if (node.kind === "folder" && writes) throw new errors.IsADirectory(`Is a directory: ${place.path}`);
    if (node.kind === "link") throw notFound(path);
    if (node.kind === "file" && truncate) {
      node.blocks.truncate(0);
      this.wrote(node);
    }
    return new OpenFile(this, node, append);
  }

  statSync(path: string | URL): SystemFileInfo {
    return infoOf(this.#node(path, true));
  }

  lstatSync(path: string | URL): SystemFileInfo {
    return infoOf(this.#node(path, false));
  }

  readFileSync(path: string | URL): Uint8Array<ArrayBuffer> {
    const node = this.#node(path, true);
    if (node.kind !== "file") throw new errors.IsADirectory(`Is a directory: ${path}`);
    const bytes = new Uint8Array(node.blocks.getSize());
    node.blocks.read(bytes, { at: 0 });
    return bytes;
  }

  readTextFileSync(path: string | URL): string {
    return new TextDecoder().decode(this.readFileSync(path));
  }

  *readDirSync(path: string | URL): Iterable<SystemEntry> {
    const node = this.#node(path, true);
    if (node.kind !== "folder") throw new errors.NotADirectory(`Not a directory: ${path}`);
    for (const [name, { kind }] of [...node.children]) {
      yield { name, isFile: kind === "file", isDirectory: kind === "folder", isSymlink: kind === "link" };
    }
  }

  mkdirSync(path: string | URL, { recursive = false }: { readonly recursive?: boolean } = {}): void {
    const parts = textOf(path).split("/").filter((part) => part !== "");
    for (let count = 1; count <= parts.length; count++) {
      if (!recursive && count < parts.length) continue;
      const place = this.#place(`/${parts.slice(0, count).join("/")}`, true), { node } = place;
      if (node !== undefined && recursive && node.kind === "folder") continue;
      if (node !== undefined) throw new errors.AlreadyExists(`File exists: ${place.path}`);
      place.folder.children.set(place.name, newFolder());
      this.#source.changed(false);
    }
  }

  renameSync(from: string | URL, to: string | URL): void {
    const source = this.#place(from, false), target = this.#place(to, false);
    if (source.node === undefined) throw notFound(from);
    if (source.node === target.node) return;
    if (target.node?.kind === "folder" && target.node.children.size > 0) {
      throw new errors.AlreadyExists(`Directory not empty: ${target.path}`);
    }
    source.folder.children.delete(source.name);
    target.folder.children.set(target.name, source.node);
    target.folder.written = source.folder.written = Date.now();
    if (target.node !== undefined) this.#drop(target.node);
    this.#source.changed(false);
  }

  removeSync(path: string | URL, { recursive = false }: { readonly recursive?: boolean } = {}): void {
    const { node, folder, name } = this.#place(path, false);
    if (node === undefined) throw notFound(path);
    if (node.kind === "folder" && node.children.size > 0 && !recursive) {
      throw new Error(`Directory not empty: ${path}`);
    }
    folder.children.delete(name);
    folder.written = Date.now();
    this.#drop(node);
    this.#source.changed(false);
  }

  symlink(to: string | URL, path: string | URL): Promise<void> {
    return promised(() => {
      const place = this.#place(path, false);
      if (place.node !== undefined) throw new errors.AlreadyExists(`File exists: ${place.path}`);
      place.folder.children.set(place.name, { kind: "link", id: nextId(), target: String(to), written: Date.now() });
      this.#source.changed(false);
    });
  }

  link(from: string, to: string): Promise<void> {
    return promised(() => {
      const node = this.#node(from, true), place = this.#place(to, false);
      if (place.node !== undefined) throw new errors.AlreadyExists(`File exists: ${place.path}`);
      if (node.kind === "file") node.names++;
      place.folder.children.set(place.name, node);
      this.#source.changed(false);
    });
  }

  realPath(path: string | URL): Promise<string> {
    return promised(() => {
      const place = this.#place(path, true);
      if (place.node === undefined) throw notFound(path);
      return place.path;
    });
  }

  writeTextFile(path: string | URL, text: string): Promise<void> {
    return promised(() => {
      using file = this.openSync(path, { write: true, create: true, truncate: true });
      file.writeSync(new TextEncoder().encode(text));
    });
  }

  async *readDir(path: string | URL): AsyncIterable<SystemEntry> {
    yield* this.readDirSync(path);
  }

  open(path: string | URL, options?: SystemOpenOptions): Promise<SystemFile> {
    return promised(() => this.openSync(path, options));
  }

  stat(path: string | URL): Promise<SystemFileInfo> {
    return promised(() => this.statSync(path));
  }

  lstat(path: string | URL): Promise<SystemFileInfo> {
    return promised(() => this.lstatSync(path));
  }

  readFile(path: string | URL): Promise<Uint8Array<ArrayBuffer>> {
    return promised(() => this.readFileSync(path));
  }

  readTextFile(path: string | URL): Promise<string> {
    return promised(() => this.readTextFileSync(path));
  }

  mkdir(path: string | URL, options?: { readonly recursive?: boolean }): Promise<void> {
    return promised(() => this.mkdirSync(path, options));
  }

  rename(from: string | URL, to: string | URL): Promise<void> {
    return promised(() => this.renameSync(from, to));
  }

  remove(path: string | URL, options?: { readonly recursive?: boolean }): Promise<void> {
    return promised(() => this.removeSync(path, options));
  }

  info(node: FileNode | FolderNode): SystemFileInfo {
    return infoOf(node);
  }

  wrote(node: FileNode): void {
    node.written = Date.now();
    this.#source.changed(false);
  }

  synced(): void {
    this.#source.changed(true);
  }

  closed(node: FileNode): void {
    node.open--;
    this.#release(node);
  }

  #make({ folder, name }: Place): FileNode {
    const now = Date.now(), { slot, blocks } = this.#source.take();
    const node: FileNode = {
      kind: "file",
      id: slot === undefined ? nextId() : idOfSlot(slot),
      slot,
      blocks,
      written: now,
      used: now,
      names: 1,
      open: 0,
    };
    folder.children.set(name, node);
    folder.written = now;
    this.#source.changed(false);
    return node;
  }

  #drop(node: TreeNode): void {
    if (node.kind === "folder") { for (const child of node.children.values()) this.#drop(child); }
    if (node.kind !== "file") return;
    node.names--;
    this.#release(node);
  }

  /** A file that is open can still be read after its last name is gone. */
  #release(node: FileNode): void {
    if (node.names === 0 && node.open === 0) this.#source.release(node.blocks);
  }

  #place(path: string | URL, follows: boolean): Place {
    const text = textOf(path), found = find(this.#root, text, follows);
    if (typeof found !== "string") return found;
    throw found === "NotFound" ? notFound(path) : new errors.NotADirectory(`Not a directory: ${text}`);
  }

  #node(path: string | URL, follows: boolean): TreeNode {
    const { node } = this.#place(path, follows);
    if (node !== undefined) return node;
    throw notFound(path);
  }
}

function textOf(path: string | URL): string {
  const text = typeof path === "string" ? path : decodeURIComponent(path.pathname);
  return text.startsWith("/") ? text : `${home}/${text}`;
}

function notFound(path: string | URL): Error {
  return new errors.NotFound(`No such file or directory: ${path}`);
}

function promised<T>(act: () => T): Promise<T> {
  return new Promise((resolve) => resolve(act()));
}

function infoOf(node: TreeNode): SystemFileInfo {
  const { kind, id, written } = node;
  return {
    isFile: kind === "file",
    isDirectory: kind === "folder",
    isSymlink: kind === "link",
    size: kind === "file" ? node.blocks.getSize() : 0,
    mtime: new Date(written),
    atime: new Date(kind === "file" ? node.used : written),
    ctime: new Date(written),
    dev: 0,
    ino: id,
  };
}
