/**
 * Reading the safetensors format: an unsigned 64-bit little-endian header length, a JSON header, the tensors' bytes.
 * {@link https://github.com/huggingface/safetensors#format}
 *
 * @module
 */

import { system, type SystemFile } from "../../common/system.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import { longestBeginning, seemingFormat } from "./other_format.ts";
import { parseTensorTable, type SafetensorsHeader, type TensorRecord } from "./safetensors_table.ts";
import { faultText } from "../../common/files.ts";
import { widenBfloat16, widenFloat16 } from "./float16.ts";

/** The limit that the reference implementation sets, in bytes. */
const LONGEST_HEADER = 100_000_000;
const AGAIN = "download or export the file again";

/**
 * Reads and checks a safetensors file's header; the tensors' bytes are not read.
 *
 * @param path The file.
 * @returns Its tensors and metadata.
 * @throws {RequestError} If the file is absent, truncated, or violates the format (the tensors must cover the data
 * without a gap or an overlap); the message names the file, the tensor and the remedy.
 */
export async function readHeader(path: string): Promise<SafetensorsHeader> {
  const file = await realFile(path);
  using handle = await openToRead(file);
  const { size } = await handle.stat();
  if (size < 8) {
    throw new RequestError(`has ${size} bytes, but a safetensors file has at least 8; ${AGAIN}`, { file });
  }
  const prefix = new Uint8Array(8);
  await readFully(handle, prefix, file);
  if (new TextDecoder().decode(prefix) === "version ") {
    throw new RequestError('is a Git LFS pointer and not the weights; run "git lfs pull" in its folder', { file });
  }
  const length = new DataView(prefix.buffer).getBigUint64(0, true);
  if (length > BigInt(LONGEST_HEADER)) {
    const rest = new Uint8Array(Math.min(size, longestBeginning) - prefix.length);
    await readFully(handle, rest, file);
    const other = seemingFormat(Uint8Array.from([...prefix, ...rest]));
    if (other !== undefined) {
      throw new RequestError(`is not a safetensors file but seems to be ${other}; give the weights as safetensors`, {
        file,
      });
    }
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
 * @returns Its elements in row-major order.
 * @throws {RequestError} If it has another type, or the file has become shorter since its header was read.
 */
export async function readTensor(record: TensorRecord): Promise<Float32Array<ArrayBuffer>> {
  const { name, dtype, file } = record;
  const widen = ownValue(widenings, dtype);
  if (widen === undefined) {
    const known = Object.keys(widenings).join(", ");
    throw new RequestError(
      `tensor ${
        JSON.stringify(name)
      } is stored as ${dtype}, but only ${known} can be read as numbers; convert the model`,
      { file },
    );
  }
  return widen((await readBytes(record)).buffer);
}

/**
 * Reads one tensor of whole numbers.
 *
 * @param record A tensor stored as I64, I32, U8 or BOOL.
 * @returns Its elements in row-major order. Throws like {@linkcode readTensor}.
 */
export async function readIntegers(record: TensorRecord): Promise<number[]> {
  const { name, dtype, file } = record, integers = ownValue(integersOf, dtype);
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
  await handle.seek(offset, system.SeekMode.Start);
  await readFully(handle, data, file);
  return data;
}

/**
 * Converts the bytes of each floating-point dtype to 32-bit floats. Typed arrays use the host's order, little-endian.
 */
const widenings: Readonly<Record<string, (data: ArrayBuffer) => Float32Array<ArrayBuffer>>> = {
  F32: (data) => new Float32Array(data),
  F16: (data) => widenFloat16(new Uint16Array(data)),
  BF16: (data) => widenBfloat16(new Uint16Array(data)),
  F64: (data) => new Float32Array(new Float64Array(data)),
};

/** Whether a tensor has a floating-point type that {@linkcode readTensor} reads. */
export function isFloating({ dtype }: Pick<TensorRecord, "dtype">): boolean {
  return Object.hasOwn(widenings, dtype);
}

async function realFile(path: string): Promise<string> {
  try {
    const file = await system.realPath(path);
    if ((await system.stat(file)).isFile) return file;
  } catch (fault) {
    if (!(fault instanceof system.errors.NotFound)) throw unreadable(path, fault);
    throw new RequestError("is absent; check the path or download the model again", { file: path });
  }
  throw new RequestError("is not a file; give the path of a .safetensors file", { file: path });
}

async function openToRead(file: string): Promise<SystemFile> {
  try {
    return await system.open(file);
  } catch (fault) {
    throw unreadable(file, fault);
  }
}

async function readFully(handle: SystemFile, target: Uint8Array, file: string): Promise<void> {
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
