/**
 * What Bazel's remote cache keeps under a key: an ActionResult, which names the single file of a store entry. See
 * `build/bazel/remote/execution/v2/remote_execution.proto` of the Remote Execution API.
 *
 * @module
 */
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** A file, identified by its content. */
export interface CachedFile {
  /** `<kind>/<key>`, as in the store. */
  readonly path: string;
  /** The SHA-256 of its content, in hex. */
  readonly hash: string;
  readonly bytes: number;
}

/** Field numbers in the messages. */
const outputFiles = 2, path = 1, digest = 2, hash = 1, sizeBytes = 2;

/** An ActionResult that names one file. */
export function encodeActionResult(file: CachedFile): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writer.tag(outputFiles, WireType.LengthDelimited).fork();
  writer.tag(path, WireType.LengthDelimited).string(file.path);
  writer.tag(digest, WireType.LengthDelimited).fork();
  writer.tag(hash, WireType.LengthDelimited).string(file.hash);
  writer.tag(sizeBytes, WireType.Varint).int64(file.bytes);
  return new Uint8Array(writer.join().join().finish());
}

/** The file that an ActionResult names; `undefined` if it names none, or is not an ActionResult. */
export function decodeActionResult(bytes: Uint8Array): CachedFile | undefined {
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (field === outputFiles && type === WireType.LengthDelimited) return outputFile(reader.bytes());
      reader.skip(type);
    }
    return undefined;
  } catch {
    // A server may send anything under a key.
    return undefined;
  }
}

function outputFile(bytes: Uint8Array): CachedFile | undefined {
  const reader = new BinaryReader(bytes);
  let found = { path: "", hash: "", bytes: 0 };
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === path) found = { ...found, path: reader.string() };
    else if (field === digest) found = { ...found, ...digestOf(reader.bytes()) };
    else reader.skip(type);
  }
  return /^[0-9a-f]{64}$/.test(found.hash) && Number.isSafeInteger(found.bytes) && found.bytes > 0 ? found : undefined;
}

function digestOf(bytes: Uint8Array): Pick<CachedFile, "hash" | "bytes"> {
  const reader = new BinaryReader(bytes);
  let found = { hash: "", bytes: 0 };
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === hash) found = { ...found, hash: reader.string() };
    else if (field === sizeBytes) found = { ...found, bytes: Number(reader.int64()) };
    else reader.skip(type);
  }
  return found;
}
