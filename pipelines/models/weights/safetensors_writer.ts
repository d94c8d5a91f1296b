/** Writing the safetensors format. @module */
import { createHash } from "node:crypto";
import { elementCount } from "../../../ops/program/dimension.ts";
import { writeAtomically } from "../../common/files.ts";
import { seal, unsealed } from "./sealed_file.ts";

/** A tensor to write; `data` has as many elements as `shape` says. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/**
 * Encodes tensors as a safetensors file.
 *
 * @param tensors The tensors, in the order of the file. Names must differ.
 * @param metadata Strings to keep in the header.
 * @returns The file's content: the header, padded with spaces to a multiple of 8 bytes, then each tensor's bytes (not
 * copied).
 * @throws {RangeError} If a shape and its data disagree, or a name is taken.
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
 * @param tensors The tensors that follow it, in order. Names must differ.
 * @param metadata Strings to keep.
 * @returns The header, padded with spaces to a multiple of 8 bytes.
 * @throws {RangeError} If a name is taken.
 */
export function encodeHeader(
  tensors: Iterable<DeclaredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  // Not through an object, whose integer-like keys would always come first.
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
 * Writes tensors as a safetensors file, completely or not at all (a temporary file in the same folder, then renamed).
 *
 * @param path The file to create or replace; its folder must exist.
 * @param tensors See {@linkcode encodeSafetensors}, whose errors apply.
 * @param metadata Strings to keep in the header.
 * @returns When the file is in place.
 * @throws {RunError} If it can't be written; the message names the path.
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<NamedTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeAtomically(path, encodeSafetensors(tensors, metadata));
}

/**
 * Writes tensors like {@linkcode writeSafetensors}, with a digest of the file in its metadata, so that a reader notices
 * if it has changed.
 *
 * @returns The digest, SHA-256 in hex.
 */
export async function writeSealed(
  path: string,
  tensors: Iterable<NamedTensor>,
  metadata: Readonly<Record<string, string>>,
): Promise<string> {
  const chunks = encodeSafetensors(tensors, unsealed(metadata)), hash = createHash("sha256");
  for (const chunk of chunks) hash.update(chunk);
  const digest = hash.digest("hex");
  seal(chunks[0]!, digest);
  await writeAtomically(path, chunks);
  return digest;
}

function bytesOf({ buffer, byteOffset, byteLength }: NamedTensor["data"]): Uint8Array<ArrayBuffer> {
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, byteLength)
    : new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength));
}
