import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { seal, unsealed } from "../../../../pipelines/models/weights/sealed_file.ts";
import {
  encodeHeader,
  encodeSafetensors,
  writeSafetensors,
} from "../../../../pipelines/models/weights/safetensors_writer.ts";
import { openWeights } from "../../../../pipelines/models/weights/weights.ts";
import { weightsDigest } from "../../../../pipelines/models/weights/weights_digest.ts";
import { assertOneLine, inFolder, sharedModel } from "../support.ts";

const tensor = (name: string, value = 1) => ({ name, shape: [1], data: new Float32Array([value]) });
const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

async function writeIndex(folder: string, weightMap: unknown): Promise<void> {
  await Deno.writeTextFile(join(folder, "model.safetensors.index.json"), JSON.stringify({ weight_map: weightMap }));
}

Deno.test("openWeights() opens a single file, in preference to an index", async () => {
  await inFolder(async (folder) => {
    await writeSafetensors(join(folder, "model.safetensors"), [tensor("a"), tensor("b")]);
    await writeIndex(folder, { c: "gone.safetensors" });
    const { tensors, files } = await openWeights(folder);
    assert.deepEqual([...tensors.keys()], ["a", "b"]);
    assert.deepEqual(files, [join(folder, "model.safetensors")]);
  });
});

Deno.test("openWeights() reads each tensor from the shard that the index names", async () => {
  await inFolder(async (folder) => {
    await writeSafetensors(join(folder, "2.safetensors"), [tensor("b"), tensor("a")]);
    await writeSafetensors(join(folder, "1.safetensors"), [tensor("a"), tensor("surplus")]);
    await writeIndex(folder, { b: "2.safetensors", a: "1.safetensors" });
    const { tensors, files } = await openWeights(folder);
    assert.deepEqual([...tensors.keys()], ["b", "a"]);
    assert.equal(tensors.get("a")?.file, join(folder, "1.safetensors"));
    assert.deepEqual(files, [join(folder, "1.safetensors"), join(folder, "2.safetensors")]);
  });
});

Deno.test("openWeights() finds a shard that the index omits", async () => {
  await inFolder(async (folder) => {
    const shard = (part: number) => `model-0000${part}-of-00003.safetensors`;
    for (const part of [1, 2, 3]) await writeSafetensors(join(folder, shard(part)), [tensor(`${part}`)]);
    const file = join(folder, "model.safetensors.index.json");
    await writeIndex(folder, { 1: shard(1), 2: shard(2), 3: shard(3) });
    assert.deepEqual((await openWeights(folder)).index, { file });
    await writeIndex(folder, { 1: shard(1), 3: shard(3) });
    assert.deepEqual((await openWeights(folder)).index, { file, lacks: shard(2) });
  });
});

Deno.test("openWeights() returns the real path of a linked file, as in a Hugging Face cache", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "snapshot"));
    await writeSafetensors(join(folder, "blob"), [tensor("a")]);
    await Deno.symlink("../blob", join(folder, "snapshot", "model.safetensors"));
    const { tensors, files } = await openWeights(join(folder, "snapshot"));
    assert.deepEqual(files, [join(folder, "blob")]);
    assert.equal(tensors.get("a")?.file, join(folder, "blob"));
  });
});

Deno.test("openWeights() lists what a folder lacks", async () => {
  await inFolder(async (folder) => {
    const rejects = (pattern: RegExp) => assert.rejects(openWeights(folder), (error) => assertOneLine(error, pattern));
    const index = join(folder, "model.safetensors.index.json");
    await rejects(/has neither model\.safetensors nor model\.safetensors\.index\.json; /);
    for (const name of ["model.safetensors", "model.safetensors.index.json"]) {
      await Deno.symlink("absent", join(folder, name));
      await rejects(new RegExp(`/${name}: is a symbolic link to a file that does not exist; restore that file`));
      await Deno.remove(join(folder, name));
    }
    await Deno.writeTextFile(index, '{\n"weight_map": {},');
    await rejects(/index\.json:2:18: is not JSON; /);
    await Deno.writeTextFile(index, "[]");
    await rejects(/index\.json: must hold a JSON object; /);
    for (const weightMap of [undefined, {}, [], { a: 1 }]) {
      await writeIndex(folder, weightMap);
      await rejects(/index\.json: has no "weight_map"/);
    }
    for (const shard of ["../x.safetensors", "/etc/x.safetensors", "y/../../x", "..\\x", "C:\\x", ""]) {
      await writeIndex(folder, { a: shard });
      await rejects(/index\.json: names the shard ".*" outside its folder; /);
    }
    await writeIndex(folder, { a: "1.safetensors" });
    await rejects(/shard "1\.safetensors" of model\.safetensors\.index\.json is absent; /);
    await writeSafetensors(join(folder, "1.safetensors"), [tensor("b")]);
    await rejects(/1\.safetensors: lacks tensor "a", which model\.safetensors\.index\.json assigns to it; /);
  });
});

Deno.test("weightsDigest() of one file is its SHA-256, of several that of their digests", async () => {
  await inFolder(async (folder) => {
    const contents = await Promise.all(["1", "2"].map(async (name) => {
      const content = await new Blob(encodeSafetensors([tensor(name)])).bytes();
      await Deno.writeFile(join(folder, `${name}.safetensors`), content);
      return content;
    }));
    await writeIndex(folder, { 2: "2.safetensors", 1: "1.safetensors" });
    assert.equal(await weightsDigest((await openWeights(folder)).files), sha256(contents.map(sha256).join("")));
    await writeIndex(folder, { 2: "2.safetensors" });
    assert.equal(await weightsDigest((await openWeights(folder)).files), sha256(contents[1] ?? ""));
  });
});

Deno.test("weightsDigest() reads a file again if it was read just after a change", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "model.safetensors"), cacheFile = join(folder, "digests.json");
    // Both writes are within one second of the file's clock, so that its status is the same after the second.
    while (Date.now() % 1000 > 500) await new Promise((resolve) => setTimeout(resolve, 50));
    await writeSafetensors(path, [tensor("a", 1)]);
    const { files } = await openWeights(folder), { mtime } = await Deno.stat(path);
    await weightsDigest(files, cacheFile);
    const bytes = await Deno.readFile(path);
    bytes[bytes.length - 1]! ^= 1;
    await Deno.writeFile(path, bytes);
    await Deno.utime(path, mtime!, mtime!);
    const checks: ((signal: AbortSignal) => Promise<unknown>)[] = [];
    await weightsDigest(files, cacheFile, (check) => checks.push(check));
    assert.equal(checks.length, 1);
  });
});

Deno.test("weightsDigest() remembers a file until it changes", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "model.safetensors");
    const cacheFile = join(folder, "cache", "digests.json");
    await writeSafetensors(path, [tensor("a", 1)]);
    const weights = await openWeights(folder);
    const digest = await weightsDigest(weights.files, cacheFile);

    // A wrong digest in the cache shows that the file was not read; if the cache has its own digest, it is detected.
    const lie = "0".repeat(64), lying = (await Deno.readTextFile(cacheFile)).replace(digest, lie);
    await Deno.writeTextFile(cacheFile, lying.replace(/"digest": "[0-9a-f]+",/, ""));
    assert.equal(await weightsDigest(weights.files, cacheFile), lie);
    await Deno.writeTextFile(cacheFile, lying);
    assert.equal(await weightsDigest(weights.files, cacheFile), digest);

    await writeSafetensors(path, [tensor("a", 2)]);
    const changed = await weightsDigest(weights.files, cacheFile);
    assert.equal(changed, sha256(await Deno.readFile(path)));
    assert.notEqual(changed, digest);
  });
});

Deno.test("weightsDigest() recomputes a damaged cache and works without one that can't be written", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "model.safetensors");
    const cacheFile = join(folder, "digests.json");
    await writeSafetensors(path, [tensor("a")]);
    const weights = await openWeights(folder);
    const digest = sha256(await Deno.readFile(path));
    for (const damaged of ["", "[1]", '{"files":3}', JSON.stringify({ files: { [path]: { sha256: "x" } } })]) {
      await Deno.writeTextFile(cacheFile, damaged);
      assert.equal(await weightsDigest(weights.files, cacheFile), digest);
      assert.match(await Deno.readTextFile(cacheFile), new RegExp(digest));
    }
    assert.equal(await weightsDigest(weights.files, folder), digest);
    assert.equal(await weightsDigest(weights.files, join(path, "digests.json")), digest);
  });
});

Deno.test("weightsDigest() rejects a blob of a Hugging Face cache whose name is not its digest", async () => {
  await inFolder(async (folder) => {
    const content = await new Blob(encodeSafetensors([tensor("a")])).bytes();
    await Deno.mkdir(join(folder, "blobs"));
    const link = join(folder, "model.safetensors");
    for (const [name, sound] of [[sha256(content), true], ["a".repeat(64), false]] as const) {
      await Deno.writeFile(join(folder, "blobs", name), content);
      await Deno.remove(link).catch(() => {});
      await Deno.symlink(join("blobs", name), link);
      const weights = await openWeights(folder);
      if (sound) assert.equal(await weightsDigest(weights.files), name);
      else await assert.rejects(weightsDigest(weights.files), (error) => assertOneLine(error, /aaa: is damaged, /));
    }
  });
});

Deno.test("weightsDigest() of a deleted file names it", async () => {
  await inFolder(async (folder) => {
    const weights = { tensors: new Map(), files: [join(folder, "gone.safetensors")] };
    await assert.rejects(
      weightsDigest(weights.files),
      (error) => assertOneLine(error, /gone\.safetensors: can't be read/),
    );
  });
});

Deno.test("openWeights() opens stories260k", async () => {
  const folder = await sharedModel("stories260k");
  if (folder === undefined) return;
  const { tensors } = await openWeights(folder);
  assert.deepEqual(tensors.get("model.embed_tokens.weight")?.shape, [512, 64]);
});

Deno.test("weightsDigest() reads only the header of a file that carries its digest, if it may be checked later", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "model.safetensors"), gigabyte = 2 ** 30;
    const header = encodeHeader([{ name: "a", dtype: "F32", shape: [gigabyte / 4], bytes: gigabyte }], unsealed({}));
    seal(header, "ab".repeat(32));
    await Deno.writeFile(path, header);
    await Deno.truncate(path, header.length + gigabyte);
    const { read, readSync } = Deno.FsFile.prototype, later: unknown[] = [];
    let bytes = 0;
    Deno.FsFile.prototype.read = async function (target) {
      const count = await read.call(this, target);
      bytes += count ?? 0;
      return count;
    };
    Deno.FsFile.prototype.readSync = () => assert.fail("nothing is read synchronously");
    try {
      assert.equal(await weightsDigest([path], undefined, (check) => later.push(check)), "ab".repeat(32));
    } finally {
      Object.assign(Deno.FsFile.prototype, { read, readSync });
    }
    assert.deepEqual([bytes, later.length], [header.length, 1]);
  });
});
