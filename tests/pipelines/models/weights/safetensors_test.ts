import assert from "node:assert/strict";
import { join } from "node:path";
import { RunError } from "../../../../pipelines/common/errors.ts";
import { readHeader, readTensor } from "../../../../pipelines/models/weights/safetensors.ts";
import { encodeSafetensors, writeSafetensors } from "../../../../pipelines/models/weights/safetensors_writer.ts";
import type { TensorRecord } from "../../../../pipelines/models/weights/safetensors_table.ts";
import { assertOneLine, inFolder } from "../support.ts";

/** A file with the given header text and data, and the correct length prefix unless another one is given. */
function encodeRaw(header: string, data: Uint8Array = new Uint8Array(), length?: bigint): Uint8Array {
  const json = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + json.length + data.length);
  new DataView(file.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  file.set(json, 8);
  file.set(data, 8 + json.length);
  return file;
}

function tensorNamed(tensors: ReadonlyMap<string, TensorRecord>, name: string): TensorRecord {
  const tensor = tensors.get(name);
  assert.ok(tensor);
  return tensor;
}

Deno.test("readHeader() and readTensor() restore what writeSafetensors() wrote, in order", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "edit.safetensors");
    const base = new Float32Array([9, 1, 2, 3, 4, 5, 6, 9]);
    await writeSafetensors(path, [
      { name: "1", shape: [2, 3], data: base.subarray(1, 7) },
      { name: '0.we"ird\n', shape: [], data: new Float32Array([-0.5]) },
      { name: "__proto__", shape: [0, 4], data: new Float32Array(0) },
      { name: "0", shape: [1], data: new Float32Array(new SharedArrayBuffer(4)) },
    ], { format: "pt", note: "é" });
    const { tensors, metadata } = await readHeader(path);
    assert.deepEqual({ ...metadata }, { format: "pt", note: "é" });
    assert.equal(tensors.size, 4);
    const first = tensorNamed(tensors, "1");
    assert.equal(first.offset % 8, 0);
    assert.deepEqual([first.dtype, first.shape, first.bytes, first.file], ["F32", [2, 3], 24, path]);
    assert.deepEqual([...await readTensor(first)], [1, 2, 3, 4, 5, 6]);
    assert.deepEqual([...await readTensor(tensorNamed(tensors, '0.we"ird\n'))], [-0.5]);
    assert.deepEqual([...await readTensor(tensorNamed(tensors, "__proto__"))], []);
    assert.deepEqual(Array.from(Deno.readDirSync(folder), (entry) => entry.name), ["edit.safetensors"]);
  });
});

Deno.test("encodeSafetensors() keeps the given order and pads the header with spaces to 8 bytes", () => {
  const data = new Float32Array([1]);
  const [header, ...chunks] = encodeSafetensors(["b", "10", "2"].map((name) => ({ name, shape: [1], data })));
  assert.ok(header);
  const text = new TextDecoder().decode(header.subarray(8));
  assert.match(text, /^\{"b":.*"10":.*"2":.*\} *$/);
  assert.equal(header.length % 8, 0);
  assert.equal(new DataView(header.buffer).getBigUint64(0, true), BigInt(header.length - 8));
  assert.equal(chunks.length, 3);
});

Deno.test("encodeSafetensors() refuses shapes that disagree with the data, and reserved or duplicate names", () => {
  const data = new Float32Array([1]);
  assert.throws(() => encodeSafetensors([{ name: "a", shape: [2], data }]), RangeError);
  assert.throws(() => encodeSafetensors([{ name: "__metadata__", shape: [1], data }]), RangeError);
  const tensor = { name: "a", shape: [1], data };
  assert.throws(() => encodeSafetensors([tensor, tensor]), RangeError);
});

Deno.test("readTensor() widens F16, BF16 and F64 and refuses other dtypes", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "mixed.safetensors");
    const data = new Uint8Array(28);
    data.set(new Uint8Array(new Uint16Array([0x3c00, 0xc000]).buffer), 0);
    data.set(new Uint8Array(new Uint16Array([0x3f80, 0xc040]).buffer), 4);
    data.set(new Uint8Array(new Float64Array([0.5, 1e300]).buffer), 8);
    data.set([1, 2, 3, 4], 24);
    const entries = {
      half: { dtype: "F16", shape: [2], data_offsets: [0, 4] },
      brain: { dtype: "BF16", shape: [2, 1], data_offsets: [4, 8] },
      double: { dtype: "F64", shape: [2], data_offsets: [8, 24] },
      bytes: { dtype: "U8", shape: [4], data_offsets: [24, 28] },
    };
    // The header has about 201 bytes: data need not be aligned.
    await Deno.writeFile(path, encodeRaw(JSON.stringify(entries), data));
    const { tensors } = await readHeader(path);
    assert.deepEqual([...await readTensor(tensorNamed(tensors, "half"))], [1, -2]);
    assert.deepEqual([...await readTensor(tensorNamed(tensors, "brain"))], [1, -3]);
    assert.deepEqual([...await readTensor(tensorNamed(tensors, "double"))], [0.5, Infinity]);
    await assert.rejects(
      readTensor(tensorNamed(tensors, "bytes")),
      (error) => assertOneLine(error, /mixed\.safetensors: tensor "bytes" is stored as U8/),
    );
    await Deno.truncate(path, 100);
    await assert.rejects(
      readTensor(tensorNamed(tensors, "half")),
      (error) => assertOneLine(error, /bytes too short/),
    );
  });
});

const f32 = (shape: unknown, offsets: unknown) => ({ dtype: "F32", shape, data_offsets: offsets });

/** The problem of a file, its content, and the expected error. */
const broken: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ["shorter than 8 bytes", new Uint8Array(5), /has 5 bytes, .* at least 8; download/],
  ["with a header beyond its end", encodeRaw("{}", undefined, 100n), /cut short in its header, 98 bytes are missing/],
  ["with a header over 100 MB", encodeRaw("{}", undefined, 100_000_001n), /claims a header of 100000001 bytes/],
  ["with a header length that overflows", encodeRaw("{}", undefined, 2n ** 64n - 1n), /18446744073709551615 bytes/],
  [
    "that is a table",
    new TextEncoder().encode("question,answer\nwhat,it\n"),
    /is not a safetensors file but seems to be a text that begins with "question,answer"; give the weights as safetensors$/,
  ],
  ["that is JSON", new TextEncoder().encode('{"model_type": "llama"}'), /seems to be JSON that begins with "\{/],
  ["that is a web page", new TextEncoder().encode("<!DOCTYPE html><html>é"), /seems to be a web page;/],
  [
    "that is a PyTorch checkpoint",
    new TextEncoder().encode("PK\x03\x04\x14\0\0\0\0\0data"),
    /seems to be a zip or a PyTorch/,
  ],
  ["that is GGUF", new TextEncoder().encode("GGUF\x03\0\0\0\x01"), /seems to be a GGUF file;/],
  ["that is binary", new Uint8Array(200).fill(255), /claims a header of 18446744073709551615 bytes/],
  ["that is a Git LFS pointer", new TextEncoder().encode("version https://git-lfs"), /run "git lfs pull"/],
  ["with a header that is not JSON", encodeRaw("{\n"), /header that is not a JSON object/],
  ["with a header that is not UTF-8", encodeRaw("{}").fill(0xff, 8), /header that is not a JSON object/],
  ["with a header that is a list", encodeRaw("[]"), /header that is not a JSON object/],
  ["with metadata that are not strings", encodeRaw('{"__metadata__":{"a":1}}'), /metadata that are not all strings/],
  ...([
    ["an entry that is not an object", 5, 0, /is not described by an object/],
    ["an unknown dtype", { dtype: "F33", shape: [1], data_offsets: [0, 4] }, 4, /unknown dtype "F33"/],
    ["no dtype", { shape: [1], data_offsets: [0, 4] }, 4, /unknown dtype undefined/],
    ["a dtype that objects inherit", { dtype: "toString", shape: [], data_offsets: [0, 4] }, 4, /unknown dtype/],
    ["no shape", { dtype: "F32", data_offsets: [0, 4] }, 4, /shape that is not a list/],
    ["a negative shape", f32([-1], [0, 4]), 4, /shape that is not a list of whole numbers/],
    ["a fractional shape", f32([0.5], [0, 4]), 4, /shape that is not a list of whole numbers/],
    ["one offset", f32([1], [0]), 4, /data offsets that are not two whole numbers/],
    ["fractional offsets", f32([1], [0.5, 4.5]), 4, /data offsets that are not two whole numbers/],
    ["offsets too large to count", f32([1], [0, 1e300]), 4, /data offsets that are not two whole numbers/],
    ["reversed offsets", f32([1], [4, 0]), 4, /reversed data offsets, 4 to 0/],
    ["a shape too large to count", f32([2 ** 40, 2 ** 40], [0, 4]), 4, /too large to count/],
    ["a byte length that is not its shape's", f32([2], [0, 4]), 4, /has 4 bytes where shape \[2\] of F32 takes 8/],
    ["its end past the file's", f32([2], [0, 8]), 3, /cut short from tensor "a\\nb" on, 5 bytes are missing/],
    ["a hole before it", f32([1], [4, 8]), 8, /tensor "a\\nb" leaves a hole of 4 bytes/],
    ["bytes after it", f32([1], [0, 4]), 6, /2 bytes at its end that belong to no tensor/],
  ] as const).map(([problem, entry, bytes, pattern]) =>
    [
      `whose tensor has ${problem}`,
      encodeRaw(JSON.stringify({ "a\nb": entry }), new Uint8Array(bytes)),
      pattern,
    ] as const
  ),
  [
    "whose tensors overlap",
    encodeRaw(JSON.stringify({ a: f32([2], [0, 8]), b: f32([1], [4, 8]) }), new Uint8Array(8)),
    /tensor "b" overlaps the one before it by 4 bytes/,
  ],
];

for (const [problem, content, pattern] of broken) {
  Deno.test(`readHeader() rejects a file ${problem}`, async () => {
    await inFolder(async (folder) => {
      const path = join(folder, "model.safetensors");
      await Deno.writeFile(path, content);
      await assert.rejects(
        readHeader(path),
        (error) => assertOneLine(error, pattern) && assertOneLine(error, /^\/.*model\.safetensors: /),
      );
    });
  });
}

Deno.test("readHeader() rejects a path that is absent or a folder", async () => {
  await inFolder(async (folder) => {
    await assert.rejects(readHeader(join(folder, "no")), (error) => assertOneLine(error, /no: is absent; /));
    await assert.rejects(readHeader(folder), (error) => assertOneLine(error, /is not a file; /));
  });
});

Deno.test("writeSafetensors() names a path that can't be written, and keeps nothing", async () => {
  await inFolder(async (folder) => {
    const tensors = [{ name: "a", shape: [1], data: new Float32Array(1) }];
    const absent = join(folder, "absent", "x.safetensors");
    await assert.rejects(writeSafetensors(absent, tensors), (error) => {
      assert.ok(error instanceof RunError);
      return assertOneLine(error, /x\.safetensors: can't be written \(No such file or directory\); /);
    });
    await Deno.mkdir(join(folder, "taken"));
    await assert.rejects(writeSafetensors(join(folder, "taken"), tensors), RunError);
    assert.deepEqual(Array.from(Deno.readDirSync(folder), (entry) => entry.name), ["taken"]);
  });
});
