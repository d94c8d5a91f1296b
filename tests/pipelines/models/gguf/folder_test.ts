import assert from "node:assert/strict";
import { join } from "node:path";
import { convertedFolder } from "../../../../pipelines/models/gguf/folder.ts";
import { assertOneLine, inFolder } from "../support.ts";
import { goldenPath } from "./support.ts";

const names = (folder: string) => Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
const weights = true;

Deno.test("a converted GGUF file is stored under its digest, so that a copy is not converted again", async () => {
  await inFolder(async (store) => {
    const folder = await convertedFolder(goldenPath("qwen2.gguf"), store, { weights });
    const path = join(folder, "model.safetensors"), { ino } = await Deno.stat(path);
    const copy = join(store, "copy.gguf");
    await Deno.copyFile(goldenPath("qwen2.gguf"), copy);
    assert.equal(await convertedFolder(copy, store, { weights }), folder);
    assert.equal((await Deno.stat(path)).ino, ino);
    await Deno.copyFile(goldenPath("qwen3.gguf"), copy);
    assert.notEqual(await convertedFolder(copy, store, { weights }), folder);
  });
});

Deno.test("truncated converted weights are recomputed", async () => {
  await inFolder(async (store) => {
    const file = goldenPath("qwen2.gguf"), folder = await convertedFolder(file, store, { weights });
    const path = join(folder, "model.safetensors"), whole = await Deno.readFile(path);
    await Deno.truncate(path, whole.length - 1);
    await convertedFolder(file, store, { weights });
    assert.deepEqual(await Deno.readFile(path), whole);
  });
});

Deno.test("concurrent conversions of a GGUF file wait for one of them", async () => {
  await inFolder(async (store) => {
    const file = goldenPath("gemma3.gguf");
    let conversions = 0;
    const folders = await Promise.all(Array.from({ length: 4 }, () => {
      let isFirst = true;
      const progress = () => {
        if (isFirst) conversions++;
        isFirst = false;
      };
      return convertedFolder(file, store, { weights, progress });
    }));
    assert.equal(conversions, 1);
    assert.equal(new Set(folders).size, 1);
  });
});

Deno.test("a failed conversion leaves none of its weights behind", async () => {
  await inFolder(async (store) => {
    const file = goldenPath("gemma3.gguf"), folder = await convertedFolder(file, store, { weights: false });
    const stop = new Error("stop");
    const progress = () => {
      throw stop;
    };
    await assert.rejects(convertedFolder(file, store, { weights, progress }), stop);
    assert.ok((await names(folder)).every((name) => !name.includes("safetensors")));
    await convertedFolder(file, store, { weights });
    assert.ok((await names(folder)).includes("model.safetensors"));
  });
});

Deno.test("a full disk ends a conversion with a one-line error, and none of its weights are kept", async () => {
  await inFolder(async (store) => {
    const file = goldenPath("gemma3.gguf"), folder = await convertedFolder(file, store, { weights: false });
    const { write } = Deno.FsFile.prototype;
    let left = 4096;
    Deno.FsFile.prototype.write = function (bytes) {
      if (left === 0) {
        return Promise.reject(Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" }));
      }
      const part = bytes.subarray(0, left);
      left -= part.length;
      return write.call(this, part);
    };
    try {
      const pattern =
        /^\/.*\/model\.safetensors: can't be written \(No space left on device\); free some space or choose/;
      await assert.rejects(convertedFolder(file, store, { weights }), (error) => assertOneLine(error, pattern));
    } finally {
      Deno.FsFile.prototype.write = write;
    }
    assert.ok((await names(folder)).every((name) => !name.includes("safetensors")));
  });
});
