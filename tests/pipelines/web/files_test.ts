/** A page's files behave like Deno's, wherever their bytes are stored. @module */
import assert from "node:assert/strict";
import type { SystemFiles } from "../../../pipelines/common/system.ts";
import { MemoryBlocks } from "../../../pipelines/web/files/blocks.ts";
import { readCatalog, writeCatalog } from "../../../pipelines/web/files/catalog.ts";
import type { Blocks, BlockSource } from "../../../pipelines/web/files/blocks.ts";
import { newFolder } from "../../../pipelines/web/files/tree.ts";
import { VirtualFiles } from "../../../pipelines/web/files/virtual_files.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** Tests the behaviour that all implementations of files share. */
async function conforms(t: Deno.TestContext, files: SystemFiles, folder: string) {
  const path = (name: string) => `${folder}/${name}`;

  await t.step("a file is written, read from any offset, appended to and truncated", async () => {
    using file = files.openSync(path("a"), { read: true, write: true, createNew: true });
    file.writeSync(bytes("hello world"));
    assert.equal(file.seekSync(-5, files.SeekMode.End), 6);
    const target = new Uint8Array(9);
    assert.equal(file.readSync(target), 5);
    assert.equal(file.readSync(target), null);
    assert.equal(new TextDecoder().decode(target.subarray(0, 5)), "world");
    file.truncateSync(5);
    assert.equal(file.statSync().size, 5);
    using more = files.openSync(path("a"), { append: true });
    more.writeSync(bytes("!"));
    assert.equal(await files.readTextFile(path("a")), "hello!");
    file.utimeSync(new Date(5000), new Date(7000));
    assert.deepEqual([files.statSync(path("a")).mtime?.getTime()], [7000]);
  });

  await t.step("missing files, existing ones and those of another kind are refused as such", async () => {
    await assert.rejects(files.open(path("none")), files.errors.NotFound);
    await assert.rejects(files.open(path("a"), { write: true, createNew: true }), files.errors.AlreadyExists);
    await assert.rejects(files.open(path("none/inner"), { write: true, create: true }), files.errors.NotFound);
    assert.throws(() => files.statSync(path("a/inner")), files.errors.NotADirectory);
    await files.mkdir(path("folder"));
    await assert.rejects(files.mkdir(path("folder")), files.errors.AlreadyExists);
    await assert.rejects(files.open(path("folder"), { write: true }), files.errors.IsADirectory);
  });

  await t.step("folders are created recursively, listed, and removed with their content", async () => {
    await files.mkdir(path("x/y/z"), { recursive: true });
    await files.mkdir(path("x/y/z"), { recursive: true });
    await files.writeTextFile(path("x/y/f"), "1");
    const names = Array.from(files.readDirSync(path("x/y")), ({ name, isFile }) => `${name} ${isFile}`).sort();
    assert.deepEqual(names, ["f true", "z false"]);
    await assert.rejects(files.remove(path("x")));
    await files.remove(path("x"), { recursive: true });
    await assert.rejects(files.stat(path("x")), files.errors.NotFound);
  });

  await t.step("a rename replaces the existing file, which can still be read where it is open", async () => {
    await files.writeTextFile(path("old"), "old");
    using open = files.openSync(path("old"));
    await files.writeTextFile(path("new"), "new");
    const before = files.statSync(path("new")).ino;
    await files.rename(path("new"), path("old"));
    assert.equal(files.statSync(path("old")).ino, before);
    assert.equal(files.readTextFileSync(path("old")), "new");
    const target = new Uint8Array(3);
    assert.equal(open.readSync(target), 3);
    assert.equal(new TextDecoder().decode(target), "old");
  });

  await t.step("links are followed, and recognized by lstat()", async () => {
    await files.mkdir(path("blobs"));
    await files.writeTextFile(path("blobs/1"), "content");
    await files.mkdir(path("names"));
    await files.symlink("../blobs/1", path("names/one"));
    assert.equal(await files.readTextFile(path("names/one")), "content");
    assert.ok((await files.lstat(path("names/one"))).isSymlink);
    assert.equal(await files.realPath(path("names/one")), await files.realPath(path("blobs/1")));
    await files.remove(path("names/one"));
    assert.equal(await files.readTextFile(path("blobs/1")), "content");
    await files.symlink("nowhere", path("names/lost"));
    await assert.rejects(files.stat(path("names/lost")), files.errors.NotFound);
  });

  await t.step("a lock has one owner until the file is closed", () => {
    const first = files.openSync(path("a"), { write: true }), second = files.openSync(path("a"), { write: true });
    assert.ok(first.tryLockSync(true));
    assert.ok(!second.tryLockSync(true));
    first.close();
    assert.ok(second.tryLockSync(true));
    second.close();
  });
}

Deno.test("Deno's files conform", async (t) => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  await conforms(t, Deno, folder);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("files in memory conform", async (t) => {
  const files = new VirtualFiles();
  files.mkdirSync("/home/test", { recursive: true });
  await conforms(t, files, "/home/test");
});

/** Blocks that are kept, like those in a browser's storage. */
function keptSource() {
  const slots = new Map<number, Blocks>();
  const source: BlockSource = {
    take() {
      const slot = slots.size, blocks = new MemoryBlocks();
      slots.set(slot, blocks);
      return { slot, blocks };
    },
    release() {},
    changed() {},
  };
  return { slots, source };
}

Deno.test("files are restored from their catalogue, with their times and links", async (t) => {
  const { slots, source } = keptSource(), root = newFolder(), files = new VirtualFiles();
  files.attach(root, source);
  files.mkdirSync("/home/test", { recursive: true });
  await conforms(t, files, "/home/test");
  await files.writeTextFile("/home/test/kept", "kept");
  await files.link("/home/test/kept", "/home/test/twice");
  const before = files.statSync("/home/test/kept");

  const again = new VirtualFiles();
  again.attach(readCatalog(writeCatalog(root), (slot) => slots.get(slot)), source);
  assert.deepEqual(again.statSync("/home/test/kept"), before);
  assert.equal(await again.readTextFile("/home/test/twice"), "kept");
  assert.equal(await again.readTextFile("/home/test/old"), "new");
  assert.ok(again.lstatSync("/home/test/names/lost").isSymlink);
});

Deno.test("a file that its catalogue names but the browser has lost is absent", async () => {
  const { slots, source } = keptSource(), root = newFolder(), files = new VirtualFiles();
  files.attach(root, source);
  await files.writeTextFile("/home/one", "1");
  await files.writeTextFile("/home/two", "2");
  const lost = new VirtualFiles();
  lost.attach(readCatalog(writeCatalog(root), (slot) => slot === 0 ? undefined : slots.get(slot)), source);
  assert.deepEqual(Array.from(lost.readDirSync("/home"), ({ name }) => name), ["two"]);
});

Deno.test("a full browser storage is reported like a full disk", () => {
  const files = new VirtualFiles();
  const full = {
    ...memory(),
    write() {
      throw new DOMException("no room", "QuotaExceededError");
    },
  };
  files.attach(newFolder(), { take: () => ({ slot: 0, blocks: full }), release() {}, changed() {} });
  using file = files.openSync("/home/a", { write: true, createNew: true });
  assert.throws(() => file.writeSync(bytes("1")), { code: "ENOSPC", message: /no room left/ });
});

function memory(): Blocks {
  const blocks = new MemoryBlocks();
  return {
    read: (target, options) => blocks.read(target, options),
    write: (source, options) => blocks.write(source, options),
    truncate: (size) => blocks.truncate(size),
    getSize: () => blocks.getSize(),
    flush: () => {},
  };
}
