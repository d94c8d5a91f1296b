/**
 * Stores files in the browser's Origin Private File System: synchronous handles are opened ahead of time, because
 * opening one takes a promise. A catalogue records which name belongs to a handle's bytes. Its two copies are written
 * in turn, so that a tab that is closed in the middle leaves the previous one.
 *
 * @module
 */
import { digestOf } from "../../common/digest.ts";
import { type Blocks, type BlockSource, MemoryBlocks } from "./blocks.ts";
import { readCatalog, writeCatalog } from "./catalog.ts";
import { NoSpace, withRoom } from "./errors.ts";
import { type OriginFolder, originFolder } from "./origin_folder.ts";
import { type FileNode, type FolderNode, newFolder } from "./tree.ts";

/** Handles kept ready for new files. */
const spare = 12;

/** How long changes of names may wait to be written together, in milliseconds. */
const gatherFor = 100;

/** The folder in the origin's file system. */
const folderName = "refract";

/** How often files that another has are asked for again, and after how many milliseconds: a worker that ended has them yet. */
const tries = 10, retryAfter = 100;

/** Someone else has the files open, which all sites on a host share. */
class FilesInUse extends Error {}

/** A tree with the source of its files. */
interface OpenedFiles {
  readonly root: FolderNode;
  readonly source: BlockSource;
}

/**
 * Opens this site's files, which requires a dedicated worker.
 *
 * @returns `undefined` if the browser stores none, as in some browsers' private windows.
 * @throws {FilesInUse} If another tab has them open.
 */
export async function openPrivateFiles(): Promise<OpenedFiles | undefined> {
  const root = await originFolder();
  return root === undefined
    ? undefined
    : await PrivateFiles.open(await root.getDirectoryHandle(folderName, { create: true }));
}

class PrivateFiles implements BlockSource {
  readonly root: FolderNode;
  readonly #folder: OriginFolder;
  readonly #catalogs: readonly Blocks[];
  readonly #slots = new Map<Blocks, number>();
  readonly #free: Blocks[] = [];
  #next: number;
  #turn = 0;
  #saving: ReturnType<typeof setTimeout> | undefined;
  #growing: Promise<void> | undefined;

  private constructor(
    folder: OriginFolder,
    catalogs: readonly Blocks[],
    handles: ReadonlyMap<number, Blocks>,
  ) {
    this.#folder = folder;
    this.#catalogs = catalogs;
    const found = newest(catalogs), used = new Set<number>();
    this.#turn = (found?.turn ?? 0) + 1;
    this.root = found === undefined ? newFolder() : readCatalog(found.text, (slot) => {
      used.add(slot);
      return handles.get(slot);
    });
    for (const [slot, blocks] of handles) {
      this.#slots.set(blocks, slot);
      if (used.has(slot)) continue;
      blocks.truncate(0);
      this.#free.push(blocks);
    }
    this.#next = Math.max(-1, ...handles.keys()) + 1;
  }

  static async open(folder: OriginFolder): Promise<OpenedFiles> {
    const names: string[] = [];
    for await (const [name] of folder.entries()) names.push(name);
    const numbers = names.filter((name) => /^\d+$/.test(name)).map(Number);
    const catalogs = await Promise.all(["a", "b"].map((name) => handleOf(folder, `catalog.${name}`)));
    const handles = await Promise.all(
      numbers.map(async (slot) => [slot, await handleOf(folder, String(slot))] as const),
    );
    const files = new PrivateFiles(folder, catalogs, new Map(handles));
    await files.#grow();
    return { root: files.root, source: files };
  }

  take(): { readonly slot: number | undefined; readonly blocks: Blocks } {
    const blocks = this.#free.pop();
    this.#replenish();
    if (blocks !== undefined) return { slot: this.#slots.get(blocks), blocks };
    return { slot: undefined, blocks: new MemoryBlocks() };
  }

  release(blocks: Blocks): void {
    if (!this.#slots.has(blocks)) return;
    // The catalogue on disk may still name it.
    blocks.truncate(0);
    this.#free.push(blocks);
  }

  changed(now: boolean): void {
    if (now) this.#save();
    else this.#saving ??= setTimeout(() => this.#saveLater(), gatherFor);
  }

  /** Who waits for it hears of a full disk; nobody waits for this. */
  #saveLater(): void {
    try {
      this.#save();
    } catch (fault) {
      if (!(fault instanceof NoSpace)) throw fault;
    }
  }

  #save(): void {
    clearTimeout(this.#saving);
    this.#saving = undefined;
    const turn = this.#turn, text = new TextEncoder().encode(writeCatalog(this.root));
    const seal = new TextEncoder().encode(`${digestOf(text)} ${String(turn).padStart(16)}\n`);
    const blocks = this.#catalogs[turn % 2]!;
    withRoom(() => {
      blocks.truncate(0);
      blocks.write(text, { at: seal.length });
      blocks.write(seal, { at: 0 });
      blocks.flush();
    });
    // Without room the other copy stays as it is.
    this.#turn++;
  }

  #replenish(): void {
    if (this.#free.length < spare / 2) {
      this.#growing ??= this.#grow().catch((fault) => {
        // A file that came when no handle waited stays in memory.
        if (!(fault instanceof NoSpace)) throw fault;
      }).finally(() => {
        this.#growing = undefined;
      });
    }
  }

  async #grow(): Promise<void> {
    const slots = Array.from({ length: Math.max(0, spare - this.#free.length) }, () => this.#next++);
    await Promise.all(slots.map(async (slot) => {
      const blocks = await handleOf(this.#folder, String(slot));
      this.#slots.set(blocks, slot);
      this.#free.push(blocks);
    }));
    for (const file of filesIn(this.root)) if (file.slot === undefined) this.#adopt(file);
  }

  /** Moves a file out of memory that was created when no handle was ready. */
  #adopt(file: FileNode): void {
    const blocks = this.#free.pop(), slot = blocks && this.#slots.get(blocks);
    if (blocks === undefined) return this.#replenish();
    const bytes = new Uint8Array(file.blocks.getSize());
    file.blocks.read(bytes, { at: 0 });
    withRoom(() => blocks.write(bytes, { at: 0 }));
    Object.assign(file, { blocks, slot });
    this.changed(false);
  }
}

function* filesIn(folder: FolderNode): Generator<FileNode> {
  for (const node of folder.children.values()) {
    if (node.kind === "file") yield node;
    if (node.kind === "folder") yield* filesIn(node);
  }
}

/** The most recently written complete copy of the catalogue. */
function newest(catalogs: readonly Blocks[]): { readonly turn: number; readonly text: string } | undefined {
  const found = catalogs.flatMap((blocks) => {
    const bytes = new Uint8Array(blocks.getSize());
    blocks.read(bytes, { at: 0 });
    const end = bytes.indexOf(10),
      [seal = "", turn = ""] = new TextDecoder().decode(bytes.subarray(0, end)).split(/ +/);
    const content = bytes.subarray(end + 1);
    return end > 0 && seal === digestOf(content)
      ? [{ turn: Number(turn), text: new TextDecoder().decode(content) }]
      : [];
  });
  return found.sort((a, b) => b.turn - a.turn)[0];
}

async function handleOf(folder: OriginFolder, name: string): Promise<Blocks> {
  const handle = await folder.getFileHandle(name, { create: true });
  for (let left = tries;; left--) {
    try {
      return await handle.createSyncAccessHandle();
    } catch (fault) {
      if (!(fault instanceof DOMException) || fault.name !== "NoModificationAllowedError") throw fault;
      if (left === 0) {
        throw new FilesInUse(
          "another tab of this site, or of one on its host, has the files open; close it and reload this one",
        );
      }
    }
    await new Promise((resolve) => setTimeout(resolve, retryAfter));
  }
}
