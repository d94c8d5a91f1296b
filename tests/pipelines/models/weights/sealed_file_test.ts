import assert from "node:assert/strict";
import { join } from "node:path";
import { contentDigest, requireSound } from "../../../../pipelines/models/weights/sealed_file.ts";
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

Deno.test("a flipped bit anywhere in a sealed file shows, and one in a file without a seal is content", async () => {
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
