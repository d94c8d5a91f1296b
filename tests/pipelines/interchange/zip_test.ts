/** Archives that are unusual but valid, and archives with false headers. @module */
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { zipSync } from "fflate";
import { RequestError } from "../../../pipelines/common/errors.ts";
import { readZip } from "../../../pipelines/interchange/zip.ts";
import { latin } from "./support.ts";

const contents = { "archive/data.pkl": latin("pickle"), "archive/data/0": new Uint8Array(4000).fill(7) };

function read(bytes: Uint8Array): Record<string, Uint8Array> {
  const records = readZip(Uint8Array.from(bytes), "file.bin");
  return Object.fromEntries([...records].map(([name, record]) => [name, record.read()]));
}

/** The little-endian bytes of a number. */
function number(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, at) => Math.floor(value / 2 ** (8 * at)) % 256);
}

const saturated = 0xffffffff;

/** An archive in Zip64 format with one stored record. */
function wideArchive(changed: { readonly size?: number; readonly count?: number; readonly tag?: number } = {}) {
  const name = [...latin("a")], content = [...latin("content")];
  const { size = content.length, count = 1, tag = 1 } = changed;
  const checksum = number(crc32(Uint8Array.from(content)), 4);
  const local = [...number(0x04034b50, 4), ...number(0, 10), ...checksum, ...number(saturated, 4)];
  local.push(...number(saturated, 4), ...number(1, 2), ...number(0, 2), ...name, ...content);
  const extra = [...number(tag, 2), ...number(24, 2), ...number(size, 8), ...number(size, 8), ...number(0, 8)];
  const entry = [...number(0x02014b50, 4), ...number(0, 12), ...checksum, ...number(saturated, 4)];
  entry.push(...number(saturated, 4), ...number(1, 2), ...number(extra.length, 2), ...number(0, 10));
  entry.push(...number(saturated, 4), ...name, ...extra);
  const end64 = [
    ...number(0x06064b50, 4),
    ...number(44, 8),
    ...number(0, 12),
    ...number(count, 8),
    ...number(count, 8),
  ];
  end64.push(...number(entry.length, 8), ...number(local.length, 8));
  const locator = [...number(0x07064b50, 4), ...number(0, 4), ...number(local.length + entry.length, 8)];
  locator.push(...number(1, 4));
  const end = [...number(0x06054b50, 4), ...number(0, 4), ...number(0xffff, 2), ...number(0xffff, 2)];
  end.push(...number(saturated, 4), ...number(saturated, 4), ...number(0, 2));
  return Uint8Array.from([...local, ...entry, ...end64, ...locator, ...end]);
}

/** The archive with a changed number in its first directory entry. */
function withEntry(bytes: Uint8Array, field: number, value: number): Uint8Array {
  const changed = bytes.slice(), view = new DataView(changed.buffer);
  const at = changed.findIndex((_, at) => at + 4 <= changed.length && view.getUint32(at, true) === 0x02014b50);
  view.setUint32(at + field, value, true);
  return changed;
}

Deno.test("records are read stored, compressed, and with sizes of 64 bits", () => {
  assert.deepEqual(read(zipSync(contents, { level: 0 })), contents);
  assert.deepEqual(read(zipSync(contents, { level: 9 })), contents);
  assert.deepEqual(read(wideArchive()), { a: latin("content") });
});

const [stored, deflated] = [zipSync(contents, { level: 0 }), zipSync(contents, { level: 9 })];
const lies: Readonly<Record<string, readonly [bytes: Uint8Array, says: RegExp]>> = {
  "that is empty": [new Uint8Array(), /not a complete zip archive/],
  "that is another file": [latin("x".repeat(100)), /not a complete zip archive/],
  "whose record claims four gigabytes": [withEntry(deflated, 24, 0xfffffffe), /claims to unpack to 429496/],
  "whose record unpacks to more than it claims": [withEntry(deflated, 24, 2), /not a complete zip archive/],
  "whose stored record has two sizes": [withEntry(stored, 24, 2), /not a complete zip archive/],
  "whose record lies beyond the end": [withEntry(stored, 42, 0x7fffffff), /not a complete zip archive/],
  "that is encrypted": [withEntry(stored, 8, 1), /not a complete zip archive/],
  "of an unknown compression": [withEntry(deflated, 10, 12), /compressed with method 12; save it again without/],
  "whose checksum differs": [withEntry(stored, 16, 0), /"archive\/data\.pkl" with a different checksum/],
  "whose wide record is larger than the file": [wideArchive({ size: 2 ** 50 }), /not a complete zip archive/],
  "that claims more records than it has": [wideArchive({ count: 2 ** 40 }), /not a complete zip archive/],
  // The zip library would search for the sizes of such an entry forever.
  "whose wide record has no sizes": [wideArchive({ tag: 9 }), /not a complete zip archive/],
};
for (const [name, [bytes, says]] of Object.entries(lies)) {
  Deno.test(`an archive ${name} is refused`, () => {
    assert.throws(() => read(bytes), (error) => error instanceof RequestError && says.test(error.message));
  });
}

Deno.test("an archive with a repeated name is refused", () => {
  const twice = stored.slice();
  const text = new TextDecoder("latin1").decode(stored).replaceAll("archive/data/0", "archive/data.p");
  twice.set(latin(text.replaceAll("archive/data.pkl", "archive/data.p\0\0")));
  // Both records' names in the directory begin alike; shortening the longer one makes them equal.
  const view = new DataView(twice.buffer);
  const at = twice.findIndex((_, at) => at + 4 <= twice.length && view.getUint32(at, true) === 0x02014b50);
  view.setUint16(at + 28, 14, true);
  view.setUint16(at + 30, 2, true);
  assert.throws(() => read(twice), /holds "archive\/data\.p" twice/);
});
