import assert from "node:assert/strict";
import { basename, dirname, join } from "node:path";
import { claimed, madeOnce } from "../../../pipelines/schedule/context/made_once.ts";
import { Claimant } from "../../../pipelines/store/claims.ts";
import { machineId } from "../../../pipelines/store/machine.ts";
import { keyOf, Store } from "../../../pipelines/store/store.ts";
import { inFolder } from "../models/support.ts";

const key = keyOf("rows"), claimTimes = { beat: 20, silence: 150 };
const other = "01234567-89ab-cdef-0123-456789abcdef";

const leasesIn = (store: string) => {
  try {
    return Array.from(Deno.readDirSync(join(store, "leases")), ({ name }) => name).sort();
  } catch {
    return [];
  }
};

/** Writes a claim of another machine's process, whose clock differs by the given number of minutes. */
async function claimElsewhere(store: string, { beat = 7, minutes = 0, machine = other } = {}): Promise<string> {
  const path = join(store, "leases", `encode.${key}.3`), time = new Date(Date.now() + 60_000 * minutes);
  await Deno.mkdir(join(store, "leases"), { recursive: true });
  await Deno.writeTextFile(path, `{"machine":"${machine}","beat":${1e9 + beat}}\n`);
  await Deno.utime(path, time, time);
  return path;
}

const claimantOf = (folder: string) => new Store(folder, { claimTimes }).claimant("encode", key);
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

Deno.test("one process at a time holds the claim on an entry, and no claim remains", () =>
  inFolder((folder) => {
    const one = new Store(folder, { claimTimes }).claimant("encode", key),
      two = new Store(folder).claimant("encode", key);
    const claim = one.take();
    assert.ok(claim !== undefined);
    assert.equal(two.take(), undefined);
    assert.ok(new Store(folder).claimant("train", key).take() !== undefined, "another entry's is free");
    claim[Symbol.dispose]();
    const next = two.take();
    assert.ok(next !== undefined);
    next[Symbol.dispose]();
    assert.deepEqual(leasesIn(folder).filter((name) => name.startsWith("encode")), []);
    return Promise.resolve();
  }));

Deno.test("a dead process of this machine holds no claims", () =>
  inFolder(async (folder) => {
    await claimElsewhere(folder, { machine: machineId() });
    const claim = claimantOf(folder).take();
    assert.ok(claim !== undefined);
    claim[Symbol.dispose]();
    await claimElsewhere(folder, { machine: machineId() });
    new Store(folder);
    assert.deepEqual(leasesIn(folder), [], "opening the store removes the claim");
  }));

for (const minutes of [-10, 0, 10]) {
  Deno.test(`a machine whose clock differs by ${minutes} minutes holds its claim for as long as it renews it`, () =>
    inFolder(async (folder) => {
      await claimElsewhere(folder, { minutes });
      const claimant = claimantOf(folder);
      assert.equal(claimant.take(), undefined);
      for (let beat = 8; beat < 14; beat++) {
        await pause(50);
        await claimElsewhere(folder, { minutes, beat });
        assert.equal(claimant.take(), undefined, `beat ${beat}`);
      }
      await pause(200);
      const claim = claimant.take();
      assert.ok(claim !== undefined, "the claim is no longer renewed");
      assert.deepEqual(leasesIn(folder), [`encode.${key}.4`]);
      claim[Symbol.dispose]();
    }));
}

Deno.test("a claim that a listing still shows, although it is gone, is taken; one that was made meanwhile is not", () =>
  inFolder(async (folder) => {
    const gone = await claimElsewhere(folder), { readDirSync } = Deno;
    await Deno.remove(gone);
    const isClaim = ({ name }: Deno.DirEntry) => name.startsWith("encode.");
    /** Shows the claim that is gone once, as an NFS client may for a minute, and what another machine adds then. */
    const take = (added?: string) => {
      const stale = { name: basename(gone), isFile: true, isDirectory: false, isSymlink: false };
      let lists = 0;
      const listed = (path: string) => {
        const found = [...readDirSync(path)];
        if (path !== join(folder, "leases") || lists++ > 0) return found;
        if (added !== undefined) Deno.writeTextFileSync(join(path, added), "");
        return [...found.filter((each) => !isClaim(each)), stale];
      };
      const stubbed = Object.defineProperty(Deno, "readDirSync", { value: listed, configurable: true });
      try {
        return claimant.take();
      } finally {
        Object.defineProperty(stubbed, "readDirSync", { value: readDirSync, configurable: true });
      }
    };
    const claimant = claimantOf(folder);
    assert.equal(take(`encode.${key}.9`), undefined);
    await Deno.remove(join(folder, "leases", `encode.${key}.9`));
    const claim = take();
    assert.ok(claim !== undefined);
    claim[Symbol.dispose]();
    assert.deepEqual(leasesIn(folder), []);
  }));

Deno.test("whoever takes a claim creates a file beside the entry, so that its machine looks there again", () =>
  inFolder((folder) => {
    const store = new Store(folder, { claimTimes }), { openSync } = Deno, created: string[] = [];
    const opened = (path: string, options?: Deno.OpenOptions) => {
      if (options?.createNew === true) created.push(dirname(path));
      return openSync(path, options);
    };
    Object.defineProperty(Deno, "openSync", { value: opened, configurable: true });
    try {
      store.claimant("encode", key).take()![Symbol.dispose]();
    } finally {
      Object.defineProperty(Deno, "openSync", { value: openSync, configurable: true });
    }
    const beside = join(folder, "encode", key.slice(0, 2));
    assert.deepEqual(new Set(created), new Set([join(folder, "leases"), beside]));
    assert.deepEqual([...Deno.readDirSync(beside)], []);
    return Promise.resolve();
  }));

Deno.test("waiting processes find the entry that another computed", () =>
  inFolder(async (folder) => {
    let made = 0;
    const makeOrFind = () => {
      const store = new Store(folder, { claimTimes });
      const context = { store, emit: () => {}, stopIfAsked: () => Promise.resolve() };
      return madeOnce(context, "encode", key, {
        does: "encodes the same rows",
        find: () => store.getJson("encode", key),
        async make() {
          made++;
          await pause(300);
          await store.putJson("encode", key, { made });
          return { made };
        },
      });
    };
    const all = await Promise.all(Array.from({ length: 5 }, makeOrFind));
    assert.equal(made, 1);
    assert.equal(all.filter(({ cached }) => !cached).length, 1);
    assert.deepEqual(all.map(({ value }) => value), Array(5).fill({ made: 1 }));
  }));

Deno.test("a waiting process stops on request, and a store that can't be written has no claims", () =>
  inFolder(async (folder) => {
    const store = new Store(folder, { claimTimes }), stopped = new Error("stopped");
    using _ = store.claimant("encode", key).take()!;
    const context = { store, emit: () => {}, stopIfAsked: () => Promise.reject(stopped) };
    await assert.rejects(claimed(context, "encode", key, "encodes the same rows"), stopped);
    await Deno.writeTextFile(join(folder, "file"), "");
    const nowhere = { store: join(folder, "file", "store"), kind: "encode", key, path: join(folder, "file", "entry") };

    new Claimant(nowhere).take()![Symbol.dispose]();
  }));

Deno.test("a store whose folder is a broken link, or holds a file instead of leases, has no claims to wait for", () =>
  inFolder(async (folder) => {
    const broken = join(folder, "broken"), odd = join(folder, "odd");
    await Deno.symlink(join(folder, "nowhere"), broken);
    await Deno.mkdir(odd);
    await Deno.symlink(join(folder, "nowhere"), join(odd, "leases"));
    for (const store of [broken, odd]) {
      using claim = claimantOf(store).take();
      assert.ok(claim !== undefined, store);
    }
  }));
