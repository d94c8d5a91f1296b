/** Weights that WebAssembly copies from files. @module */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { copiesWindows, ReadBytes } from "../../../pipelines/runtime/external_files.ts";
import { inFolder } from "../models/support.ts";

/** More than two windows, and no whole number of them. */
const count = 9_000_001, shift = 12;

async function numbersFile(folder: string) {
  const numbers = new Float32Array(count).map((_, index) => index % 4096), path = join(folder, "numbers");
  await Deno.writeFile(path, new Uint8Array(shift + numbers.byteLength));
  using file = await Deno.open(path, { write: true });
  await file.seek(shift, Deno.SeekMode.Start);
  const bytes = new Uint8Array(numbers.buffer);
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
  return { path: await Deno.realPath(path), bytes };
}

Deno.test("ReadBytes copies a large part window by window, and hands it out whole where that is not enough", () =>
  inFolder(async (folder) => {
    const { path, bytes } = await numbersFile(folder), end = shift + bytes.length;
    const { set } = Uint8Array.prototype, target = new Uint8Array(bytes.length + 1);
    {
      using file = new ReadBytes(path, true);
      using outer = copiesWindows();
      assert.ok(outer);
      {
        using inner = copiesWindows();
        assert.ok(inner);
      }
      const part = file.subarray(shift, end);
      assert.equal(part.buffer.byteLength, 0);
      assert.ok(file.isUncopied);
      target.set(part, 1);
      assert.ok(!file.isUncopied);
      assert.equal(Buffer.compare(target.subarray(1), bytes), 0);
      target.set([7], 3);
      assert.equal(target[3], 7);
    }
    assert.equal(Uint8Array.prototype.set, set);
    using whole = new ReadBytes(path);
    assert.equal(Buffer.compare(whole.subarray(shift, end), bytes), 0);
  }));
