/** Files of a model that a page downloads: they are checked, kept as far as they are intact, and resumed. @module */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { arrivingFile } from "../../../pipelines/web/models/arriving_file.ts";
import { type ModelFile, partBytes } from "../../../pipelines/web/models/file_list.ts";
import { inFolder } from "../models/support.ts";

const content = new Uint8Array(2 * partBytes + 1234).map((_, at) => (at * 31 + (at >> 12)) & 0xff);
const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const starts = [0, partBytes, 2 * partBytes];
const listed: ModelFile = {
  name: "model.safetensors",
  size: content.length,
  sha256: digest(content),
  parts: starts.map((start) => digest(content.subarray(start, start + partBytes))),
};

/** The bytes in chunks, as a connection delivers them. */
function chunks(bytes: Uint8Array, length = 1_000_003): Uint8Array[] {
  const count = Math.ceil(bytes.length / length);
  return Array.from({ length: count }, (_, at) => bytes.slice(at * length, (at + 1) * length));
}

const opened = (path: string) => Deno.open(path, { read: true, write: true, create: true });

for (const [kind, known] of [["a listed file", listed], ["an unlisted file", undefined]] as const) {
  Deno.test(`${kind} arrives in one go, or after a break`, () =>
    inFolder(async (folder) => {
      for (const first of [0, 1_000, partBytes, partBytes + 5, content.length]) {
        const path = join(folder, String(first));
        {
          using file = await opened(path);
          const arriving = await arrivingFile(file, known);
          for (const chunk of chunks(content.subarray(0, first))) await arriving.write(chunk);
        }
        using file = await opened(path);
        const arriving = await arrivingFile(file, known);
        assert.ok(arriving.bytes <= first);
        assert.ok(arriving.bytes > first - partBytes);
        for (const chunk of chunks(content.subarray(arriving.bytes))) await arriving.write(chunk);
        assert.equal(await arriving.finish(), listed.sha256);
        assert.deepEqual(await Deno.readFile(path), content);
      }
    }));
}

Deno.test("a part that arrives damaged is not kept, and those before it are", () =>
  inFolder(async (folder) => {
    const path = join(folder, "file"), damaged = content.slice();
    damaged[partBytes + 7]! ^= 1;
    {
      using file = await opened(path);
      const arriving = await arrivingFile(file, listed);
      const all = async () => {
        for (const chunk of chunks(damaged)) await arriving.write(chunk);
      };
      await assert.rejects(all(), /^RequestError: model\.safetensors arrived damaged after 8\.39 MB; try again/);
    }
    assert.equal((await Deno.stat(path)).size, partBytes);
  }));

Deno.test("a part that is damaged on the disk is downloaded again", () =>
  inFolder(async (folder) => {
    const path = join(folder, "file"), damaged = content.slice();
    damaged[3]! ^= 1;
    await Deno.writeFile(path, damaged);
    using file = await opened(path);
    assert.equal((await arrivingFile(file, listed)).bytes, 0);
    assert.equal((await Deno.stat(path)).size, 0);
  }));

Deno.test("a file that ends early does not count as complete", () =>
  inFolder(async (folder) => {
    using file = await opened(join(folder, "file"));
    const arriving = await arrivingFile(file, listed);
    for (const chunk of chunks(content.subarray(0, 2 * partBytes))) await arriving.write(chunk);
    await assert.rejects(
      arriving.finish(),
      /^RequestError: model\.safetensors ended at 16\.8 MB of 16\.8 MB; try again/,
    );
  }));
