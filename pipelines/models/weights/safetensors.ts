/**
 * The safetensors format: an unsigned 64-bit little-endian header length, a JSON header, the tensors' bytes.
 * {@link https://github.com/huggingface/safetensors#format}
 *
 * @module
 */

import { elementCount } from "../../../ops/program/dimension.ts";
import { RequestError } from "../../common/errors.ts";
import { parseTensorTable } from "./safetensors_table.ts";
import { faultText, writeAtomically } from "../../common/files.ts";
import { widenBfloat16, widenFloat16 } from "./float16.ts";

/** Where one tensor lies in a safetensors file. */
export interface TensorRecord {
  readonly name: string;
  /** As the file has it: `F32`, `F16`, `BF16`, `I64`, … */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Absolute real path of the file. */
  readonly file: string;
  /** Offset of the first byte of the data, from the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** A safetensors file's header: its tensors in the header's order, and its metadata. */
export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, TensorRecord>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A tensor to write; `data` holds as many elements as `shape` says. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** The limit that the reference implementation sets, in bytes. */
const LONGEST_HEADER = 100_000_000;
const AGAIN = "download or export the file again";

/**
 * Reads and checks a safetensors file's header; the tensors' bytes are not read.
 *
 * @param path The file.
 * @returns Its tensors and metadata. Throws a RequestError that names the file, the tensor and the remedy if the file
 * is absent, cut short, or breaks the format's rules (the tensors must cover the data without a gap or an overlap).
 */
export async function readHeader(path: string): Promise<SafetensorsHeader> {
  const file = await realFile(path);
  using handle = await openToRead(file);
  const { size } = await handle.stat();
  if (size < 8) {
    throw new RequestError(`has ${size} bytes and a safetensors file at least 8; ${AGAIN}`, { file });
  }
  const prefix = new Uint8Array(8);
  await readFully(handle, prefix, file);
  if (new TextDecoder().decode(prefix) === "version ") {
    throw new RequestError('is a Git LFS pointer and not the weights; run "git lfs pull" in its folder', { file });
  }
  const length = new DataView(prefix.buffer).getBigUint64(0, true);
  if (length > BigInt(LONGEST_HEADER)) {
    throw new RequestError(`claims a header of ${length} bytes, the limit is ${LONGEST_HEADER}; ${AGAIN}`, { file });
  }
  const headerEnd = 8 + Number(length);
  if (headerEnd > size) {
    throw new RequestError(`is cut short in its header, ${headerEnd - size} bytes are missing; ${AGAIN}`, { file });
  }
  const header = new Uint8Array(Number(length));
  await readFully(handle, header, file);
  return parseTensorTable(header, { file, start: headerEnd, size, remedy: AGAIN });
}

/**
 * Reads one tensor as 32-bit floats.
 *
 * @param record A tensor stored as F32, F16, BF16 or F64.
 * @returns Its elements in row-major order. Throws a RequestError if it is stored otherwise, or if the file has
 * become shorter since its header was read.
 */
export async function readTensor(record: TensorRecord): Promise<Float32Array<ArrayBuffer>> {
  const { name, dtype, file } = record;
  const widen = widenings[dtype];
  if (widen === undefined) {
    const known = Object.keys(widenings).join(", ");
    throw new RequestError(
      `tensor ${JSON.stringify(name)} is stored as ${dtype}, only ${known} can be read as numbers; convert the model`,
      { file },
    );
  }
  return widen((await readBytes(record)).buffer);
}

/**
 * Reads one tensor of whole numbers.
 *
 * @param record A tensor stored as I64, I32, U8 or BOOL.
 * @returns Its elements in row-major order. Errors as of {@linkcode readTensor}.
 */
export async function readIntegers(record: TensorRecord): Promise<number[]> {
  const { name, dtype, file } = record, integers = integersOf[dtype];
  if (integers === undefined) {
    throw new RequestError(
      `tensor ${JSON.stringify(name)} is stored as ${dtype} where whole numbers are expected; store it as I64`,
      { file },
    );
  }
  return integers((await readBytes(record)).buffer);
}

const integersOf: Readonly<Record<string, (data: ArrayBuffer) => number[]>> = {
  I64: (data) => Array.from(new BigInt64Array(data), Number),
  I32: (data) => Array.from(new Int32Array(data)),
  U8: (data) => Array.from(new Uint8Array(data)),
  BOOL: (data) => Array.from(new Uint8Array(data)),
};

async function readBytes({ bytes, file, offset }: TensorRecord): Promise<Uint8Array<ArrayBuffer>> {
  const data = new Uint8Array(bytes);
  using handle = await openToRead(file);
  await handle.seek(offset, Deno.SeekMode.Start);
  await readFully(handle, data, file);
  return data;
}

/** Bytes of each floating-point dtype to 32-bit floats. The typed arrays read the host's order: little-endian. */
const widenings: Readonly<Record<string, (data: ArrayBuffer) => Float32Array<ArrayBuffer>>> = {
  F32: (data) => new Float32Array(data),
  F16: (data) => widenFloat16(new Uint16Array(data)),
  BF16: (data) => widenBfloat16(new Uint16Array(data)),
  F64: (data) => new Float32Array(new Float64Array(data)),
};

/**
 * Encodes tensors as a safetensors file.
 *
 * @param tensors What to hold, in the order the file shall have. Names must differ.
 * @param metadata Strings to keep in the header.
 * @returns The file's content: the header, padded with spaces to a multiple of 8 bytes, then each tensor's bytes
 * (not copied). Throws a RangeError if a shape and its data disagree, or a name is taken.
 */
export function encodeSafetensors(
  tensors: Iterable<NamedTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer>[] {
  const declared: DeclaredTensor[] = [], chunks: Uint8Array<ArrayBuffer>[] = [];
  for (const { name, shape, data } of tensors) {
    const size = elementCount(shape);
    if (size !== data.length) {
      throw new RangeError(
        `Expected tensor "${name}" of shape [${shape}] to have ${size} elements, not ${data.length}`,
      );
    }
    const dtype = data instanceof BigInt64Array ? "I64" : "F32";
    declared.push({ name, dtype, shape, bytes: data.byteLength });
    chunks.push(bytesOf(data));
  }
  return [encodeHeader(declared, metadata), ...chunks];
}

/** A tensor whose bytes are still to be written. */
export interface DeclaredTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: number;
}

/**
 * Encodes the beginning of a safetensors file.
 *
 * @param tensors What follows it, in order. Names must differ.
 * @param metadata Strings to keep.
 * @returns The header, padded with spaces to a multiple of 8 bytes. Throws a RangeError if a name is taken.
 */
export function encodeHeader(
  tensors: Iterable<DeclaredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  // Written by hand: an object's integer-like keys would come first, whatever order they were set in.
  const entries: string[] = [];
  if (Object.keys(metadata).length > 0) entries.push(`"__metadata__":${JSON.stringify(metadata)}`);
  const names = new Set(["__metadata__"]);
  let offset = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    if (names.has(name)) throw new RangeError(`Expected tensor names to differ but "${name}" is taken`);
    names.add(name);
    const entry = { dtype, shape, data_offsets: [offset, offset + bytes] };
    entries.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    offset += bytes;
  }
  const json = new TextEncoder().encode(`{${entries.join(",")}}`);
  const length = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return header;
}

/**
 * Writes tensors as a safetensors file, all of it or nothing (a temporary file in the same folder, renamed).
 *
 * @param path The file to make or replace; its folder has to exist.
 * @param tensors As of {@linkcode encodeSafetensors}, whose errors it shares.
 * @param metadata Strings to keep in the header.
 * @returns When the file is in place. Throws a RunError naming the path if it can't be written.
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<NamedTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeAtomically(path, encodeSafetensors(tensors, metadata));
}

function bytesOf({ buffer, byteOffset, byteLength }: NamedTensor["data"]): Uint8Array<ArrayBuffer> {
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, byteLength)
    : new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength));
}

async function realFile(path: string): Promise<string> {
  try {
    const file = await Deno.realPath(path);
    if ((await Deno.stat(file)).isFile) return file;
  } catch (fault) {
    if (!(fault instanceof Deno.errors.NotFound)) throw unreadable(path, fault);
    throw new RequestError("is absent; check the path or download the model again", { file: path });
  }
  throw new RequestError("is not a file; give the path of a .safetensors file", { file: path });
}

async function openToRead(file: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(file);
  } catch (fault) {
    throw unreadable(file, fault);
  }
}

async function readFully(handle: Deno.FsFile, target: Uint8Array, file: string): Promise<void> {
  for (let done = 0; done < target.length;) {
    const count = await handle.read(target.subarray(done)).catch((fault: unknown) => {
      throw unreadable(file, fault);
    });
    if (count === null) {
      throw new RequestError(`has become ${target.length - done} bytes too short while it was read; ${AGAIN}`, {
        file,
      });
    }
    done += count;
  }
}

function unreadable(file: string, fault: unknown): RequestError {
  return new RequestError(`can't be read (${faultText(fault)}); check its permissions`, { file });
}
