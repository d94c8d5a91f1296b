import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { readHeader, readTensor } from "../../../pipelines/models/weights/safetensors.ts";
import { type EntryWriter, keyOf, Store } from "../../../pipelines/store/store.ts";
import { onReadOnlyDisk, onRestartingServer, onStaleFiles } from "../../support/disk.ts";
import { test } from "./support.ts";

const key = keyOf("the key");
const pathOf = (folder: string) => join(folder, "encode", key.slice(0, 2), `${key}.safetensors`);

/** Four tensors, with names and an odd length chosen to provoke errors. */
function fill(entry: EntryWriter): void {
  entry.declare({
    tensors: [
      { name: "values", dtype: "F32", shape: [2, 3] },
      { name: "empty", dtype: "F32", shape: [0, 3] },
      { name: "7", dtype: "U8", shape: [3] },
      { name: "lengths", dtype: "I32", shape: [2] },
    ],
    metadata: { 'a "quote"': "é\n", "1": "one" },
  });
  entry.append("values", new Float32Array([1, 2]));
  entry.append("values", new Float32Array([0, 3, 4, 5, 6, 0]).subarray(1, 5));
  entry.append("empty", new Float32Array(0));
  entry.append("7", new Uint8Array([7, 8, 9]));
  entry.append("lengths", new Int32Array([-1, 70000]));
}

function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(join(folder, name)) : [join(folder, name)]
  );
}

test("Store keeps tensors and metadata", async (folder) => {
  const store = new Store(folder);
  assert.equal(await store.get("encode", key), undefined);
  assert.equal(store.has("encode", key), false);
  await store.put("encode", key, fill);
  assert.equal(store.has("encode", key), true);
  for (const reader of [store, new Store(folder)]) {
    using entry = await reader.get("encode", key);
    assert.ok(entry);
    assert.deepEqual([...entry.tensors.keys()], ["values", "empty", "7", "lengths"]);
    assert.deepEqual(entry.tensors.get("lengths")?.shape, [2]);
    assert.deepEqual({ ...entry.metadata }, { 'a "quote"': "é\n", "1": "one" });
    assert.equal(entry.bytes, 24 + 3 + 8);
    assert.equal(entry.path, pathOf(folder));
    assert.deepEqual(await entry.read("values"), new Float32Array([1, 2, 3, 4, 5, 6]));
    assert.deepEqual(await entry.read("empty"), new Float32Array(0));
    assert.deepEqual(await entry.readBytes("7"), new Uint8Array([7, 8, 9]));
    assert.deepEqual(new Int32Array((await entry.readBytes("lengths")).buffer), new Int32Array([-1, 70000]));
  }
});

test("Store writes safetensors files whose metadata has the data's digest", async (folder) => {
  await new Store(folder).put("encode", key, fill);
  const { tensors, metadata } = await readHeader(pathOf(folder));
  const values = tensors.get("values");
  assert.ok(values);
  assert.deepEqual(await readTensor(values), new Float32Array([1, 2, 3, 4, 5, 6]));
  const data = (await Deno.readFile(pathOf(folder))).subarray(values.offset);
  assert.equal(values.offset % 8, 0);
  assert.equal(metadata.digest, createHash("sha256").update(data).digest("hex"));
  assert.deepEqual(filesIn(folder).sort(), [pathOf(folder), join(folder, "version")].sort());
  assert.equal(Deno.readTextFileSync(join(folder, "version")), "1\n");
});

test("Store reads parts of a tensor into an array", async (folder) => {
  const store = new Store(folder);
  await store.put("encode", key, fill);
  using entry = await store.get("encode", key);
  assert.ok(entry);
  const target = new Float32Array(8);
  entry.readInto("values", target.subarray(1, 7));
  assert.deepEqual(target, new Float32Array([0, 1, 2, 3, 4, 5, 6, 0]));
  entry.readInto("values", target.subarray(0, 3), 3);
  assert.deepEqual(target.subarray(0, 3), new Float32Array([4, 5, 6]));
  assert.throws(() => entry.readInto("values", target), RangeError);
  assert.throws(() => entry.readInto("values", target.subarray(0, 3), 4), RangeError);
  assert.throws(() => entry.readInto("values", target.subarray(0, 3), -1), RangeError);
  assert.throws(() => entry.readInto("7", target), RangeError);
  assert.throws(() => entry.readInto("none", target), /to hold tensor "none" but it has values,empty,7,lengths$/);
  await assert.rejects(entry.read("lengths"), RangeError);
});

test("Store drops an entry with any one byte changed, and stores it again", async (folder) => {
  await new Store(folder).put("encode", key, fill);
  const whole = await Deno.readFile(pathOf(folder));
  for (let at = 0; at < whole.length; at++) {
    const damaged = whole.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    await Deno.writeFile(pathOf(folder), damaged);
    const messages: string[] = [];
    const store = new Store(folder, { onDamaged: (message) => messages.push(message) });
    assert.equal(await store.get("encode", key), undefined, `byte ${at}`);
    assert.equal(messages.length, 1);
    assert.ok(
      messages[0]?.startsWith(`${pathOf(folder)}: `) && messages[0].endsWith("will be recomputed"),
      messages[0],
    );
    assert.equal(store.has("encode", key), false);
  }
  const store = new Store(folder);
  await store.put("encode", key, fill);
  using entry = await store.get("encode", key);
  assert.ok(entry);
});

test("Store drops an entry that is cut short or too long", async (folder) => {
  await new Store(folder).put("encode", key, fill);
  const whole = await Deno.readFile(pathOf(folder));
  const lengths = [0, 4, 8, 30, 200, whole.length - 1];
  for (const damaged of [...lengths.map((length) => whole.slice(0, length)), new Uint8Array([...whole, 0])]) {
    await Deno.writeFile(pathOf(folder), damaged);
    assert.equal(await new Store(folder).get("encode", key), undefined, `${damaged.length} bytes`);
    assert.equal(new Store(folder).has("encode", key), false);
  }
});

test("Store checks the data again when the file has changed since", async (folder) => {
  const store = new Store(folder);
  await store.put("encode", key, fill);
  (await store.get("encode", key))?.close();
  const damaged = await Deno.readFile(pathOf(folder));
  damaged[damaged.length - 1] = 99;
  await Deno.writeFile(pathOf(folder), damaged);
  await Deno.utime(pathOf(folder), new Date(), new Date(Date.now() + 1000));
  assert.equal(await store.get("encode", key), undefined);
});

test("Store lets a second process replace an entry while the first reads it", async (folder) => {
  const [first, second] = [new Store(folder), new Store(folder)];
  await first.put("encode", key, fill);
  using entry = await first.get("encode", key);
  assert.ok(entry);
  await Promise.all([second.put("encode", key, fill), first.put("encode", key, fill)]);
  assert.deepEqual(await entry.read("values"), new Float32Array([1, 2, 3, 4, 5, 6]));
  using again = await second.get("encode", key);
  assert.ok(again);
  assert.equal(filesIn(folder).length, 2);
});

test("Store keeps nothing of an entry whose writing fails, and throws the error", async (folder) => {
  const store = new Store(folder);
  const failing = store.put("encode", key, async (entry) => {
    entry.declare({ tensors: [{ name: "values", dtype: "F32", shape: [2] }] });
    entry.append("values", new Float32Array(1));
    await Promise.reject(new TypeError("stopped"));
  });
  await assert.rejects(failing, { name: "TypeError", message: "stopped" });
  assert.deepEqual(filesIn(folder), [join(folder, "version")]);
});

test("Store rejects an entry that is not written as declared", async (folder) => {
  const store = new Store(folder);
  const tensors = [{ name: "a", dtype: "F32", shape: [2] }, { name: "b", dtype: "U8", shape: [1] }] as const;
  const wrong: ((entry: EntryWriter) => void)[] = [
    () => {},
    (entry) => entry.append("a", new Float32Array(2)),
    (entry) => entry.declare({ tensors }),
    (entry) => [entry.declare({ tensors }), entry.append("b", new Uint8Array(1))],
    (entry) => [entry.declare({ tensors }), entry.append("a", new Float32Array(3))],
    (entry) => [entry.declare({ tensors }), entry.append("a", new Float32Array(2))],
    (entry) => [entry.declare({ tensors: [] }), entry.declare({ tensors: [] })],
    (entry) => entry.declare({ tensors: [tensors[0], tensors[0]] }),
    (entry) => entry.declare({ tensors: [{ ...tensors[0], shape: [1.5] }] }),
    (entry) => entry.declare({ tensors, metadata: { digest: "" } }),
  ];
  for (const write of wrong) await assert.rejects(store.put("encode", key, write), RangeError);
  assert.deepEqual(filesIn(folder), [join(folder, "version")]);
});

test("Store keeps JSON documents", async (folder) => {
  const store = new Store(folder);
  const document = { z: [1, "é", null], a: { b: true }, none: undefined };
  assert.equal(await store.getJson("encode", key), undefined);
  await store.putJson("encode", key, document);
  const read = await store.getJson("encode", key);
  assert.equal(JSON.stringify(read), JSON.stringify(document));
  await assert.rejects(store.putJson("encode", key, { loss: [NaN] }), TypeError);
  await assert.rejects(store.putJson("encode", key, undefined), TypeError);
});

test("Store rejects invalid kinds and keys", async (folder) => {
  const store = new Store(folder);
  for (const [kind, wrong] of [["../up", key], ["Encode", key], ["encode", "abc"], ["encode", key.toUpperCase()]]) {
    await assert.rejects(store.get(kind ?? "", wrong ?? ""), RangeError);
    assert.throws(() => store.has(kind ?? "", wrong ?? ""), RangeError);
  }
});

test("Store creates nothing on the disk before the first put", async (folder) => {
  const store = new Store(join(folder, "new", "store"));
  assert.equal(store.has("encode", key), false);
  assert.equal(await store.get("encode", key), undefined);
  assert.deepEqual([...Deno.readDirSync(folder)], []);
  await store.put("encode", key, fill);
  assert.equal(store.has("encode", key), true);
});

test("Store refuses other formats and paths that are not stores", async (folder) => {
  await Deno.writeTextFile(join(folder, "version"), "2\n");
  assert.throws(() => new Store(folder), {
    name: "RequestError",
    message: `${join(folder, "version")}: the store has format 2 but this version of Refract reads format 1; ` +
      "update Refract or give another folder with --store",
  });
  await Deno.writeTextFile(join(folder, "version"), "v3.1");
  assert.throws(() => new Store(folder), /found "v3.1"; remove the store or give another folder with --store$/);
  assert.throws(() => new Store(join(folder, "version")), { name: "RequestError" });
});

for (const lost of ["", "\0\0", "\n", " "]) {
  test(`Store writes its format again if ${JSON.stringify(lost)} is left of it and an entry is intact`, async (folder) => {
    await new Store(folder).put("encode", key, fill);
    const version = join(folder, "version"), entry = await Deno.readFile(pathOf(folder));
    await Deno.writeTextFile(version, lost);
    assert.notEqual(await new Store(folder).get("encode", key).then((found) => (found?.close(), found)), undefined);
    assert.equal(await Deno.readTextFile(version), "1\n");
    // One of several entries may be lost, too.
    const other = keyOf("another");
    await new Store(folder).put("encode", other, fill);
    await Deno.writeFile(pathOf(folder), new Uint8Array(entry.length));
    await Deno.writeTextFile(version, lost);
    assert.equal(await new Store(folder).get("encode", key), undefined);
    assert.equal(await Deno.readTextFile(version), "1\n");
    // Without an intact entry the format is unknown.
    await Deno.remove(join(folder, "encode", other.slice(0, 2), `${other}.safetensors`));
    for (
      const damaged of [
        new Uint8Array(entry.length),
        entry.slice(0, 100),
        entry.map((byte, at) => byte ^ Number(at === 300)),
      ]
    ) {
      await Deno.mkdir(dirname(pathOf(folder)), { recursive: true });
      await Deno.writeFile(pathOf(folder), damaged);
      await Deno.writeTextFile(version, lost);
      assert.throws(
        () => new Store(folder),
        /version: expected the number of a store's format .*; remove the store or give/,
      );
    }
    await Deno.remove(pathOf(folder));
    await new Store(folder).put("encode", key, fill);
    assert.equal(await Deno.readTextFile(version), "1\n");
  });
}

test("Store still reads entries if its format is lost and can't be written again", async (folder) => {
  await new Store(folder).put("encode", key, fill);
  await Deno.writeTextFile(join(folder, "version"), "");
  await onReadOnlyDisk(folder, async () => {
    using entry = await new Store(folder).get("encode", key);
    assert.ok(entry);
  });
});

test("Store names the path and the remedy when the disk refuses to write", async (folder) => {
  const store = new Store(folder);
  await Deno.writeTextFile(join(folder, "encode"), "in the way");
  await assert.rejects(store.put("encode", key, fill), (error: Error) => {
    assert.equal(error.name, "DiskError");
    assert.match(error.message, /^\/.*encode.*can't be written .* choose another folder$/);
    return true;
  });
  await Deno.mkdir(pathOf(folder).replace("encode", "train"), { recursive: true });
  await assert.rejects(store.put("train", key, fill), { name: "DiskError" });
  await assert.rejects(store.get("train", key), { name: "RunError" });
  assert.deepEqual(filesIn(join(folder, "train")), []);
});

test("Store removes temporary files of dead processes, and no others", async (folder) => {
  await new Store(folder).put("encode", key, fill);
  const place = dirname(pathOf(folder));
  const temporary = () => join(place, `.${key}.safetensors.${crypto.randomUUID()}.tmp`);
  const [stale, idle, written, fresh] = [temporary(), temporary(), temporary(), temporary()];
  const foreign = join(place, ".notes.tmp");
  for (const file of [stale, idle, written, fresh, foreign]) await Deno.writeTextFile(file, "");
  const [yesterday, lately] = [25 * 3600, 90].map((seconds) => new Date(Date.now() - 1000 * seconds)) as [Date, Date];
  for (const file of [stale, foreign, pathOf(folder)]) await Deno.utime(file, yesterday, yesterday);
  for (const file of [idle, written]) await Deno.utime(file, lately, lately);
  // A live process has a lock on the file that it writes.
  using writer = await Deno.open(written, { write: true });
  await writer.lock(true);
  new Store(folder);
  assert.deepEqual(filesIn(place).sort(), [written, fresh, foreign, pathOf(folder)].sort());
});

test("an entry may be declared after its bytes, whose number need not be known before", async (folder) => {
  const store = new Store(folder);
  const tensors = [{ name: "a", dtype: "U8", shape: [16] }, { name: "b", dtype: "F64", shape: [2] }] as const;
  const bytes = Uint8Array.from({ length: 16 }, (_, at) => at);
  await store.put("rows", key, (entry) => {
    entry.begin(100);
    entry.extend(bytes.subarray(0, 5));
    entry.extend(bytes.subarray(5));
    entry.extend(Float64Array.of(1, -0.5));
    entry.declare({ tensors });
  });
  for (const reader of [store, new Store(folder)]) {
    using entry = await reader.get("rows", key);
    assert.ok(entry);
    const part = new Uint8Array(4);
    entry.readBytesInto("a", part, 3);
    assert.deepEqual(part, bytes.slice(3, 7));
    assert.deepEqual(new Float64Array((await entry.readBytes("b")).buffer), Float64Array.of(1, -0.5));
    assert.throws(() => entry.readBytesInto("a", part, 13), RangeError);
  }
  await assert.rejects(
    store.put("rows", keyOf("short"), (entry) => {
      entry.begin(0);
      entry.extend(bytes);
      entry.declare({ tensors });
    }),
    /Expected 16 bytes to be declared but found 32/,
  );
  assert.equal(store.has("rows", keyOf("short")), false);
});

test("an entry that another machine removes while it is opened counts as absent", async (folder) => {
  const damaged: string[] = [], store = new Store(folder, { onDamaged: (message) => damaged.push(message) });
  await store.put("encode", key, fill);
  for (const call of ["read", "statSync"] as const) {
    const other = new Store(folder, { onDamaged: (message) => damaged.push(message) });
    await onStaleFiles(call, async () => {
      assert.equal(await other.get("encode", key), undefined, call);
      assert.equal(await other.getMapped("encode", key), undefined, call);
      assert.equal(await other.check("encode", key), true, call);
    });
  }
  assert.deepEqual(damaged, []);
  assert.ok(store.has("encode", key), "it may be a new one");
});

test("an entry is written if a restarted file server reports its rename as already done", async (folder) => {
  const store = new Store(folder);
  await onRestartingServer(() => store.put("encode", key, fill));
  assert.deepEqual(filesIn(folder).sort(), [join(folder, "version"), pathOf(folder)].sort());
  using entry = await new Store(folder).get("encode", key);
  assert.ok(entry !== undefined);
});
