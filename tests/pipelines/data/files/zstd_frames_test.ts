/** Files compressed by zstd: several frames, skippable frames, truncated files and trailing bytes. @module */
import assert from "node:assert/strict";
import { zstdCompressSync } from "node:zlib";
import { compressions } from "../../../../pipelines/data/files/decompression.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const joined = (...parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
const compressed = (text: string) => new Uint8Array(zstdCompressSync(bytes(text)));

/** The content of a file that is read in chunks of a given size. */
async function read(file: Uint8Array, size: number): Promise<string> {
  const { decompress } = compressions.find(({ is }) => is(file))!;
  async function* pieces() {
    for (let at = 0; at < file.length; at += size) yield file.subarray(at, at + size);
  }
  return new TextDecoder().decode(joined(...await Array.fromAsync(decompress(pieces()))));
}

// Blocks of all three types: compressed, stored, and one byte repeated.
const long = Array.from({ length: 9000 }, (_, at) => `${at * 7919 % 10007} `).join("") + "=".repeat(300_000);
const skipped = (content: Uint8Array) =>
  joined(Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, content.length, 0, 0, 0), content);

for (const size of [1, 7, 2 ** 20]) {
  Deno.test(`zstd: every frame is read, in chunks of ${size}`, async () => {
    assert.equal(await read(joined(compressed("one\n"), compressed("two\n")), size), "one\ntwo\n");
    const parallel = [skipped(bytes("abcd")), compressed("one\n"), skipped(bytes("")), compressed("two\n")];
    assert.equal(await read(joined(...parallel), size), "one\ntwo\n");
    assert.equal(await read(compressed(""), size), "");
  });
}

Deno.test("zstd: a file of many blocks is read unchanged", async () => {
  for (const size of [1000, 2 ** 20]) assert.equal(await read(compressed(long), size), long);
});

Deno.test("zstd: a file truncated anywhere is not read as if it were complete", async () => {
  const whole = compressed("a line\n".repeat(3)), two = joined(whole, skipped(bytes("abcd")), whole);
  const ends = new Set([whole.length, whole.length + 12]);
  for (let length = 4; length < two.length; length++) {
    if (ends.has(length)) continue;
    await assert.rejects(read(two.subarray(0, length), 2 ** 20), /unexpected end of file/, `${length}`);
  }
  const file = compressed(long);
  for (const missing of [1, 4, 1000]) {
    await assert.rejects(read(file.subarray(0, file.length - missing), 2 ** 20), /unexpected end of file/);
  }
});

Deno.test("zstd: bytes after a frame that are not a frame are refused", async () => {
  for (const size of [1, 2 ** 20]) {
    await assert.rejects(read(joined(compressed("one\n"), bytes("junk")), size), /followed by bytes that are none/);
    await assert.rejects(read(joined(compressed("one\n"), bytes("j")), size), /unexpected end of file/);
  }
});
