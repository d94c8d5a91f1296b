/** Files of torch.save, with tensors of every supported type, and with every kind of damage. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { zipSync } from "fflate";
import { RequestError } from "../../../pipelines/common/errors.ts";
import { parseTorchFile, writeTorchFile } from "../../../pipelines/interchange/torch_file.ts";
import { archiveOf, latin, pickledState, pickledTensor, state, type TensorParts } from "./support.ts";

const bytesOf = ({ buffer }: { readonly buffer: ArrayBuffer }) => new Uint8Array(buffer);
const fileOf = (parts: TensorParts, storage: Uint8Array) => {
  return archiveOf(pickledState({ a: pickledTensor(parts) }), storage);
};
const read = (bytes: Uint8Array<ArrayBuffer>) => parseTorchFile(bytes, "file.bin");

Deno.test("floats of four types are read, and single whole numbers", () => {
  const pair = { shape: [2] } as const;
  const files: readonly Uint8Array<ArrayBuffer>[] = [
    fileOf({ ...pair, type: "FloatStorage" }, bytesOf(Float32Array.of(1.5, -2))),
    fileOf({ ...pair, type: "DoubleStorage" }, bytesOf(Float64Array.of(1.5, -2))),
    fileOf({ ...pair, type: "HalfStorage" }, bytesOf(Uint16Array.of(0x3e00, 0xc000))),
    fileOf({ ...pair, type: "BFloat16Storage" }, bytesOf(Uint16Array.of(0x3fc0, 0xc000))),
  ];
  for (const file of files) assert.deepEqual([...read(file).get("a")!.data], [1.5, -2]);
  const whole = fileOf({ type: "LongStorage", shape: [] }, bytesOf(BigInt64Array.of(64n)));
  assert.deepEqual([...read(whole).get("a")!.data], [64]);
});

Deno.test("a view is read by its strides", () => {
  const storage = bytesOf(Float32Array.from({ length: 7 }, (_, at) => at));
  const { data } = read(fileOf({ offset: 1, shape: [2, 3], strides: [1, 2] }, storage)).get("a")!;
  assert.deepEqual([...data], [1, 3, 5, 2, 4, 6]);
});

const four = new Uint8Array(16);
const one = pickledState({ a: pickledTensor() });
const refused: Readonly<Record<string, readonly [bytes: Uint8Array<ArrayBuffer>, says: RegExp]>> = {
  "of bytes": [fileOf({ type: "CharStorage" }, four), /"a" is a CharStorage; convert it to floats/],
  "of complex numbers": [fileOf({ type: "ComplexFloatStorage" }, four), /"a" is a ComplexFloatStorage; convert/],
  "of many whole numbers": [fileOf({ type: "LongStorage" }, four), /"a" is a LongStorage; convert it to floats/],
  "of an unknown storage type": [fileOf({ type: "toStringStorage" }, four), /"a" is a toStringStorage; convert/],
  "whose storage is absent": [fileOf({ key: "7" }, four), /lacks the storage of "a"; copy the file again/],
  "whose storage's name leads elsewhere": [fileOf({ key: "../data.pkl" }, four), /lacks the storage of "a"/],
  "whose storage is short": [
    fileOf({ shape: [5] }, four),
    /the storage of "a" is truncated: it has 16 bytes but the tensor ends with byte 20; copy/,
  ],
  "whose strides lead beyond the storage": [
    fileOf({ shape: [2], strides: [4] }, four),
    /the storage of "a" is truncated/,
  ],
  "whose offset lies beyond the storage": [fileOf({ offset: 4 }, four), /the storage of "a" is truncated/],
  "whose storage ends within a number": [fileOf({}, new Uint8Array(6)), /the storage of "a" is truncated/],
  "that repeats one number 10¹² times": [
    fileOf({ shape: [1e6, 1e6], strides: [0, 0] }, four),
    /claims tensors of 4000000000000 bytes but holds \d+; copy/,
  ],
  "whose size overflows": [
    fileOf({ shape: [2 ** 30, 2 ** 30, 2 ** 30], strides: [0, 0, 0] }, four),
    /claims tensors of 4\.95\d*e\+27 bytes/,
  ],
  "whose many tensors share a storage": [
    archiveOf(
      pickledState(Object.fromEntries(Array.from({ length: 500 }, (_, at) => {
        return [`t${at}`, pickledTensor({ shape: [4096] })];
      }))),
      new Uint8Array(4096 * 4),
    ),
    /claims tensors of 8192000 bytes/,
  ],
  "of a big-endian machine": [
    archiveOf(one, four, { "archive/byteorder": latin("big") }),
    /was saved on a big-endian machine; save it again on another/,
  ],
  "in the format from before torch 1.6": [
    latin("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03."),
    /has the format from before torch 1\.6; load it and save it again/,
  ],
  "that is another archive": [
    Uint8Array.from(zipSync({ "word/document.xml": latin("<x/>") })),
    /has no data\.pkl as written by torch\.save; save/,
  ],
  "that is a bare pickle": [one, /is not a complete zip archive of torch\.save; copy/],
};
for (const [name, [bytes, says]] of Object.entries(refused)) {
  Deno.test(`a file ${name} is refused`, () => {
    assert.throws(() => read(bytes), (error) => error instanceof RequestError && says.test(error.message));
  });
}

/** Whether a damaged file is refused; otherwise asserts that it is read unchanged. */
function refusedOrEqual(bytes: Uint8Array<ArrayBuffer>, what: string): boolean {
  try {
    assert.deepEqual(Object.fromEntries(read(bytes)), state, what);
    return false;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    assert.match(error.message, /^file\.bin: .*; .*/, what);
    return true;
  }
}

Deno.test("a truncated file is refused, and one with a flipped byte is refused or read unchanged", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "whole.bin");
    await writeTorchFile(path, "archive", state);
    const whole = await Deno.readFile(path);
    for (let end = 0; end < whole.length; end++) {
      assert.ok(refusedOrEqual(whole.slice(0, end), `cut at ${end}`), `cut at ${end} was read`);
    }
    for (let at = 0; at < whole.length; at++) {
      const flipped = whole.slice();
      flipped[at]! ^= 1 << at % 8;
      refusedOrEqual(flipped, `byte ${at} flipped`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
