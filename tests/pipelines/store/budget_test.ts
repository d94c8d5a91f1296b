/** Which entries a full store evicts, and which it never does. @module */
import assert from "node:assert/strict";
import { evictionOrder } from "../../../pipelines/store/eviction.ts";
import { entriesOf, entryPath, type StoredEntry } from "../../../pipelines/store/inventory.ts";
import { keyOf, Store, type StoreOptions } from "../../../pipelines/store/store.ts";
import { treeOf } from "../../support/command.ts";
import { onFullDisk, onReadOnlyDisk } from "../../support/disk.ts";
import { test } from "./support.ts";

const hour = 3600_000;
const kilobyte = 1000;
const place = (kind: string, name: string) => [kind, keyOf(name)] as const;

/** Puts an entry of the given size without its header, last used the given number of hours ago. */
async function put(store: Store, kind: string, name: string, kilobytes: number, idle = 0): Promise<void> {
  await store.put(kind, keyOf(name), (entry) => {
    entry.declare({ tensors: [{ name, dtype: "U8", shape: [kilobytes * kilobyte] }] });
    for (let at = 0; at < kilobytes; at++) entry.append(name, new Uint8Array(kilobyte).fill(at));
  });
  const then = new Date(Date.now() - idle * hour);
  Deno.utimeSync(entryPath(store.folder, kind, keyOf(name)), then, then);
}

/** Those of the given names whose entries exist. */
const left = (store: Store, kind: string, ...names: string[]) => names.filter((name) => store.has(kind, keyOf(name)));

function noting(folder: string, options: StoreOptions): { store: Store; notes: string[] } {
  const notes: string[] = [];
  const note = (message: string) => notes.push(message);
  return { store: new Store(folder, { onEvicted: note, onDamaged: note, ...options }), notes };
}

test("the least recently used of encodings of equal size makes room for the next", async (folder) => {
  const { store, notes } = noting(folder, { limit: 35 * kilobyte });
  for (const [name, idle] of [["a", 2], ["b", 3], ["c", 1]] as const) await put(store, "encode", name, 10, idle);
  await put(store, "encode", "d", 10);
  assert.deepEqual(left(store, "encode", "a", "b", "c", "d"), ["a", "c", "d"]);
  assert.equal(notes.length, 1);
  assert.match(notes[0]!, /^the store evicted 1 entry, 10\.\d kB, to make room; --cache-disk sets its limit$/);
});

test("getting an entry counts as a use of it, and checking it does not", async (folder) => {
  const store = new Store(folder, { limit: 35 * kilobyte });
  for (const [name, idle] of [["a", 3], ["b", 4], ["c", 2]] as const) await put(store, "encode", name, 10, idle);
  (await store.get(...place("encode", "a")))?.close();
  assert.equal(await store.check(...place("encode", "b")), true);
  await put(store, "encode", "d", 10);
  assert.deepEqual(left(store, "encode", "a", "b", "c", "d"), ["a", "c", "d"]);
});

test("using an entry does not cause it to be checked again", async (folder) => {
  const [first, second] = [new Store(folder), new Store(folder)];
  await put(first, "encode", "a", 1, 1);
  for (const store of [first, second]) (await store.get(...place("encode", "a")))?.close();
  const path = entryPath(folder, ...place("encode", "a")), { mtime } = Deno.statSync(path);
  const bytes = Deno.readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  Deno.writeFileSync(path, bytes);
  Deno.utimeSync(path, new Date(), mtime!);
  for (const store of [first, second]) {
    // Only a store that reads the data again detects the damage.
    using entry = await store.get(...place("encode", "a"));
    assert.ok(entry);
  }
  assert.equal(await new Store(folder).get(...place("encode", "a")), undefined);
});

test("results outlive encodings that were used long after them", async (folder) => {
  const store = new Store(folder, { limit: 45 * kilobyte });
  await put(store, "predictions", "old", 1, 200);
  await put(store, "train", "old", 1, 200);
  for (const [name, idle] of [["a", 2], ["b", 3]] as const) await put(store, "encode", name, 20, idle);
  await put(store, "encode", "c", 20);
  assert.deepEqual(left(store, "encode", "a", "b", "c"), ["a", "c"]);
  assert.deepEqual([left(store, "predictions", "old"), left(store, "train", "old")], [["old"], ["old"]]);
});

Deno.test("evictionOrder() weighs bytes by the time since their last use, and an encoding's tenfold", () => {
  const now = 1000 * hour;
  const entry = (name: string, kind: string, bytes: number, idle: number): StoredEntry => {
    return { kind, key: name, path: name, bytes, used: now - idle * hour, written: 0 };
  };
  const order = evictionOrder([
    entry("small and old", "train", 1e3, 900),
    entry("large and new", "encode", 1e9, 0.5),
    entry("large and old", "encode", 1e9, 9),
    entry("large training", "train", 1e9, 9),
    entry("just used", "encode", 1e9, 0),
  ], now);
  assert.deepEqual(order.map(({ key }) => key), [
    "large and old",
    "large training",
    "large and new",
    "just used",
    "small and old",
  ]);
});

test("an open entry stays, and is evicted once it is closed", async (folder) => {
  const store = new Store(folder, { limit: 15 * kilobyte });
  await put(store, "encode", "a", 10, 5);
  {
    using entry = await store.get(...place("encode", "a"));
    await put(store, "encode", "b", 10, 1);
    assert.deepEqual(left(store, "encode", "a", "b"), ["a", "b"]);
    assert.equal((await entry!.readBytes("a"))[9_999], 9);
  }
  await put(store, "encode", "c", 10);
  assert.deepEqual(left(store, "encode", "a", "b", "c"), ["c"]);
});

test("a process can read an entry to its end that another one evicts, and both keep to the budget", async (folder) => {
  const [reader, writer] = [0, 1].map(() => new Store(folder, { limit: 25 * kilobyte })) as [Store, Store];
  await put(reader, "encode", "a", 10, 5);
  using entry = await reader.get(...place("encode", "a"));
  Deno.utimeSync(entry!.path, new Date(0), new Date(0));
  for (const name of ["b", "c"]) await put(writer, "encode", name, 10);
  assert.deepEqual(left(reader, "encode", "a", "b", "c"), ["b", "c"]);
  assert.equal((await entry!.readBytes("a"))[9_999], 9);
  assert.equal(await reader.get(...place("encode", "a")), undefined);
});

test("an entry that was just written can be read whatever other processes evict", async (folder) => {
  const store = new Store(folder);
  using entry = await store.putAndOpen(...place("encode", "a"), (entry) => {
    entry.declare({ tensors: [{ name: "a", dtype: "U8", shape: [2] }], metadata: { of: "a" } });
    entry.append("a", new Uint8Array([1, 2]));
  });
  Deno.removeSync(entry.path);
  assert.deepEqual([await entry.readBytes("a"), entry.metadata["of"]], [new Uint8Array([1, 2]), "a"]);
});

test("an entry larger than the whole budget evicts no other, and is the first to be evicted", async (folder) => {
  const { store, notes } = noting(folder, { limit: 25 * kilobyte });
  await put(store, "encode", "a", 10, 1);
  await put(store, "encode", "large", 30, 1);
  assert.deepEqual([left(store, "encode", "a", "large"), notes], [["a", "large"], []]);
  await put(store, "encode", "b", 10);
  assert.deepEqual(left(store, "encode", "a", "b", "large"), ["a", "b"]);
});

test("on a full disk the store evicts the least valuable entries and continues writing", async (folder) => {
  const { store, notes } = noting(folder, {});
  await put(store, "encode", "a", 10, 2);
  await put(store, "encode", "b", 10, 1);
  await onFullDisk(4 * kilobyte, () => put(store, "encode", "c", 10));
  assert.deepEqual(left(store, "encode", "a", "b", "c"), ["b", "c"]);
  assert.equal(await new Store(folder).check(...place("encode", "c")), true);
  assert.equal(notes.length, 1);
});

test("on a disk that stays full a put fails in one line, evicts nothing and leaves no partial entry", async (folder) => {
  const { store, notes } = noting(folder, {});
  await put(store, "encode", "a", 1, 2);
  for (const kind of ["encode", "train"]) {
    await assert.rejects(onFullDisk(4 * kilobyte, () => put(store, kind, "b", 10)), {
      name: "DiskError",
      exitCode: 2,
      message: new RegExp(
        `^${entryPath(folder, ...place(kind, "b"))}: can't be written \\(the disk is full\\); free 1?\\d\\.?\\d+ kB` +
          `${kind === "encode" ? ", keep less with --cache-memory" : ""} or choose another folder$`,
      ),
    });
  }
  assert.deepEqual([entriesOf(folder).length, left(store, "encode", "a"), notes], [1, ["a"], []]);
  assert.deepEqual(treeOf(folder).filter((path) => path.endsWith(".tmp")), []);
  await put(store, "encode", "b", 10);
  assert.deepEqual(left(store, "encode", "a", "b"), ["a", "b"]);
});

test("a read-only store is read and never written", async (folder) => {
  await put(new Store(folder), "encode", "a", 1, 2);
  await put(new Store(folder), "encode", "damaged", 1, 2);
  Deno.writeTextFileSync(entryPath(folder, ...place("encode", "damaged")), "x");
  await onReadOnlyDisk(folder, async () => {
    const { store, notes } = noting(folder, { limit: 0 });
    using entry = await store.get(...place("encode", "a"));
    assert.equal((await entry!.readBytes("a")).length, kilobyte);
    assert.equal(await store.get(...place("encode", "damaged")), undefined);
    assert.match(notes[0]!, /: has a truncated header; it can't be removed, so remove it$/);
    await assert.rejects(put(store, "encode", "a", 1), {
      message: /can't be written \(Read-only file system\); make its folder writable or choose another folder$/,
    });
  });
});

test("a store is limited to 50 GB or half of the free space by default", (folder) => {
  const { limit } = new Store(folder);
  assert.ok(limit > 0 && limit <= 50e9, String(limit));
  assert.equal(new Store(folder, { limit: 7 }).limit, 7);
});
