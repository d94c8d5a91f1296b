import assert from "node:assert/strict";
import { join } from "node:path";
import { DamagedWeights } from "../../../../pipelines/models/weights/damaged_weights.ts";
import {
  type CarriedDigest,
  carriedDigest,
  contentDigest,
  requireSound,
} from "../../../../pipelines/models/weights/sealed_file.ts";
import { readHeader } from "../../../../pipelines/models/weights/safetensors.ts";
import { writeSafetensors, writeSealed } from "../../../../pipelines/models/weights/safetensors_writer.ts";
import { weightsDigest } from "../../../../pipelines/models/weights/weights_digest.ts";
import { assertOneLine, inFolder } from "../support.ts";

const tensors = [{ name: 'a"refract_digest":"', shape: [3], data: Float32Array.of(1, 2, 3) }];

async function flip(path: string, at: number): Promise<void> {
  const bytes = await Deno.readFile(path);
  bytes[at]! ^= 1;
  await Deno.writeFile(path, bytes);
}

Deno.test("a flipped bit anywhere in a sealed file is detected, and one in an unsealed file counts as content", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "sealed.safetensors"), plain = join(folder, "plain.safetensors");
    await writeSealed(path, tensors, { format: "pt" });
    const { metadata, tensors: [...found] } = await readHeader(path);
    assert.equal(metadata["format"], "pt");
    assert.deepEqual(found.map(([name]) => name), tensors.map(({ name }) => name));
    const digest = await requireSound(path), { size } = await Deno.stat(path);
    assert.equal(metadata["refract_digest"], digest);
    assert.equal(await weightsDigest([path]), digest);
    for (const at of [size - 1, size - 12, size - 13, 12, 200]) {
      await flip(path, at);
      assert.equal((await contentDigest(path)).isSound, false, `byte ${at}`);
      await assert.rejects(
        weightsDigest([path]),
        (error) => assertOneLine(error, /sealed\.safetensors: is damaged, .*; /),
      );
      await flip(path, at);
      assert.equal(await requireSound(path), digest);
    }
    await writeSafetensors(plain, tensors);
    await flip(plain, (await Deno.stat(plain)).size - 1);
    await requireSound(plain);
  });
});

Deno.test("a flipped bit in the seal's own name is detected, too", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "sealed.safetensors");
    await writeSealed(path, tensors, { format: "pt" });
    const name = new TextDecoder("latin1").decode(await Deno.readFile(path)).indexOf("refract_digest");
    for (let at = name; at < name + "refract_digest".length; at++) {
      await flip(path, at);
      assert.equal((await contentDigest(path)).isSound, false, `byte ${at - name} of the name`);
      await flip(path, at);
    }
    await flip(path, name);
    await assert.rejects((await carriedDigest(path))!.check(new AbortController().signal), DamagedWeights);
    await flip(path, name);
    await requireSound(path);
  });
});

/** Moves the clock forward by the given seconds. */
function secondsLater(seconds: number): Disposable {
  const { now } = Date;
  Date.now = () => now() + 1000 * seconds;
  return { [Symbol.dispose]: () => Date.now = now };
}

Deno.test("a remembered digest that is old is checked while the file is used", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "plain.safetensors"), cache = join(folder, "weights.json");
    await writeSafetensors(path, tensors);
    using _ = secondsLater(5);
    const due: CarriedDigest["check"][] = [];
    const digest = await weightsDigest([path], cache);
    assert.equal(await weightsDigest([path], cache, (check) => due.push(check)), digest);
    assert.equal(due.length, 0);
    const remembered = JSON.parse(await Deno.readTextFile(cache)),
      other = digest.replace(/^./, (d) => d === "0" ? "1" : "0");
    const asOf = async (sha256: string, read?: number) => {
      const files = { [path]: { ...remembered.files[path], sha256, read } };
      await Deno.writeTextFile(cache, JSON.stringify({ files }));
      assert.equal(await weightsDigest([path], cache, (check) => due.push(check)), sha256);
      return due.splice(0);
    };
    const [sound] = await asOf(digest, Date.now() - 8 * 24 * 60 * 60 * 1000), { signal } = new AbortController();
    await sound!(signal);
    assert.ok(JSON.parse(await Deno.readTextFile(cache)).files[path].read > Date.now() - 60_000);
    const [damaged] = await asOf(other);
    await assert.rejects(damaged!(signal), (error) => {
      return assertOneLine(error, /plain\.safetensors: is damaged, its content changed but its times did not; /);
    });
  });
});

Deno.test("a file that is not a safetensors file has the digest of its bytes", async () => {
  await inFolder(async (folder) => {
    for (const bytes of [[], [1, 2], [255, 255, 255, 255, 255, 255, 255, 255, 1], [1, 0, 0, 0, 0, 0, 0, 0, 32, 33]]) {
      const path = join(folder, "file"), content = Uint8Array.from(bytes);
      await Deno.writeFile(path, content);
      const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", content)).toHex();
      assert.deepEqual(await contentDigest(path), { digest: sha256, isSound: true });
    }
  });
});
