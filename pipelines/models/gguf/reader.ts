/**
 * The GGUF format, versions 2 and 3: a magic number, counts, metadata by key, the tensors' descriptions, then their
 * bytes, starting at the next multiple of the alignment.
 * {@link https://github.com/ggml-org/ggml/blob/master/docs/gguf.md}
 *
 * @module
 */
import { system, type SystemFile } from "../../common/system.ts";
import { RequestError } from "../../common/errors.ts";
import { faultText } from "../../common/files.ts";
import { Cursor, visible } from "./cursor.ts";
import { otherTypeName, type StorageType, storageTypes } from "./types.ts";

/** A value of the metadata. */
export type GgufValue = number | boolean | string | readonly GgufValue[];

/** Where a tensor is in a GGUF file, and how it is stored. */
export interface GgufTensor {
  readonly name: string;
  /** The extents, outermost first, as everywhere else in Refract; the file has the reverse order. */
  readonly shape: readonly number[];
  readonly type: StorageType;
  /** The offset of the first byte from the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** A GGUF file without its tensors' bytes. */
export interface Gguf {
  /** The file's path. */
  readonly file: string;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** The tensors by name, in the order of the file. */
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

const MAGIC = 0x46554747; // "GGUF"
/** The maximum depth of nested arrays. */
const DEEPEST = 4;
const MOST_DIMENSIONS = 4;
const usualAlignment = 32;

/**
 * Reads a GGUF file's metadata and the descriptions of its tensors; of the tensors' bytes it only checks that they are
 * present.
 *
 * @param path The file.
 * @returns Its content without the tensors' bytes.
 * @throws {RequestError} If it is not a GGUF file, has another version or byte order, is truncated, or contains a
 * tensor of a type that can't be read; the message says what is wrong and where.
 */
export function readGguf(path: string): Gguf {
  using handle = openToRead(path);
  const { size } = handle.statSync();
  const cursor = new Cursor(handle, path, size);
  readVersion(cursor, path, size);
  const tensorCount = cursor.count(24, "tensors"), keyCount = cursor.count(13, "metadata entries");
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < keyCount; i++) {
    const key = cursor.text("a metadata key");
    if (metadata.has(key)) throw cursor.error(`has the metadata key ${JSON.stringify(key)} twice`);
    metadata.set(key, readValue(cursor, cursor.u32(`the type of ${key}`), key, 0));
  }
  const described = Array.from({ length: tensorCount }, () => readDescription(cursor));
  const alignment = alignmentOf(metadata, cursor);
  const start = Math.ceil(cursor.position / alignment) * alignment;
  const tensors = new Map<string, GgufTensor>();
  for (const tensor of described) {
    if (tensors.has(tensor.name)) throw cursor.error(`has the tensor ${JSON.stringify(tensor.name)} twice`);
    tensors.set(tensor.name, placed(tensor, start, alignment, size, cursor));
  }
  requireCoverage([...tensors.values()], { start, alignment, size }, cursor);
  return { file: path, metadata, tensors };
}

/** Opens a GGUF file. Throws a RequestError if it can't be opened. */
export function openToRead(path: string): SystemFile {
  try {
    return system.openSync(path);
  } catch (fault) {
    throw new RequestError(`can't be read (${faultText(fault)}); check the path and its permissions`, { file: path });
  }
}

function readVersion(cursor: Cursor, file: string, size: number): void {
  if (size < 4 || cursor.u32("the header") !== MAGIC) {
    throw new RequestError("is not a GGUF file, it does not begin with GGUF; download or convert the model again", {
      file,
    });
  }
  const version = cursor.u32("the header");
  if (version === 2 || version === 3) return;
  const isSwapped = version % 0x1000000 === 0 && version / 0x1000000 <= 3;
  throw new RequestError(
    isSwapped
      ? "is a big-endian GGUF file and only little-endian ones can be read; convert the model again"
      : `is of GGUF version ${version} and only 2 and 3 can be read; convert the model again with a current tool`,
    { file },
  );
}

type ReadScalar = (cursor: Cursor, what: string) => GgufValue;

/** The metadata's scalar types by number, with the minimum number of bytes of each. */
const scalars: ReadonlyMap<number, { readonly bytes: number; readonly read: ReadScalar }> = new Map([
  [0, { bytes: 1, read: (cursor, what) => cursor.u8(what) }],
  [1, { bytes: 1, read: (cursor, what) => cursor.i8(what) }],
  [2, { bytes: 2, read: (cursor, what) => cursor.u16(what) }],
  [3, { bytes: 2, read: (cursor, what) => cursor.i16(what) }],
  [4, { bytes: 4, read: (cursor, what) => cursor.u32(what) }],
  [5, { bytes: 4, read: (cursor, what) => cursor.i32(what) }],
  [6, { bytes: 4, read: (cursor, what) => cursor.f32(what) }],
  [7, { bytes: 1, read: (cursor, what) => cursor.u8(what) !== 0 }],
  [8, { bytes: 8, read: (cursor, what) => cursor.text(what) }],
  [10, { bytes: 8, read: (cursor, what) => cursor.u64(what) }],
  [11, { bytes: 8, read: (cursor, what) => cursor.i64(what) }],
  [12, { bytes: 8, read: (cursor, what) => cursor.f64(what) }],
]);
const ARRAY = 9;

function readValue(cursor: Cursor, type: number, key: string, depth: number): GgufValue {
  const scalar = scalars.get(type);
  if (scalar !== undefined) return scalar.read(cursor, key);
  if (type !== ARRAY) throw cursor.error(`has the unknown type ${type} for the metadata key ${key}`);
  if (depth === DEEPEST) throw cursor.error(`nests arrays more than ${DEEPEST} deep in ${key}`);
  const itemType = cursor.u32(key), item = scalars.get(itemType);
  const length = cursor.count(item?.bytes ?? 12, `values of ${key}`);
  const values: GgufValue[] = [];
  for (let i = 0; i < length; i++) {
    values.push(item === undefined ? readValue(cursor, itemType, key, depth + 1) : item.read(cursor, key));
  }
  return values;
}

interface Description extends Omit<GgufTensor, "bytes"> {
  readonly elements: number;
}

function readDescription(cursor: Cursor): Description {
  const name = cursor.text("a tensor's name");
  const what = `the tensor ${JSON.stringify(name)}`;
  const dimensions = cursor.u32(what);
  if (dimensions === 0 || dimensions > MOST_DIMENSIONS) {
    throw cursor.error(`has ${dimensions} dimensions for ${what}, 1 to ${MOST_DIMENSIONS} are possible`);
  }
  const shape = Array.from({ length: dimensions }, () => cursor.u64(what)).reverse();
  const elements = shape.reduce((product, extent) => product * extent, 1);
  if (elements === 0 || !Number.isSafeInteger(elements)) {
    throw cursor.error(`has the impossible shape [${shape.join(", ")}] for ${what}`);
  }
  const number = cursor.u32(what), type = storageTypes.get(number);
  if (type === undefined) {
    const known = [...storageTypes.values()].map((known) => known.name).join(", ");
    throw new RequestError(
      `${visible(what)} is quantized as ${otherTypeName(number)}, which can't be read; use a file of ${known}`,
      { file: cursor.file },
    );
  }
  return { name, shape, type, offset: cursor.u64(what), elements };
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>, cursor: Cursor): number {
  const alignment = metadata.get("general.alignment") ?? usualAlignment;
  const isPower = typeof alignment === "number" && alignment >= 1 && alignment <= 1 << 20 &&
    Number.isInteger(Math.log2(alignment));
  if (isPower) return alignment;
  throw cursor.error(`has the alignment ${JSON.stringify(alignment)}, which is not a power of two`);
}

function placed(
  { elements, ...tensor }: Description,
  start: number,
  alignment: number,
  size: number,
  cursor: Cursor,
): GgufTensor {
  const { name, shape, type } = tensor, what = `the tensor ${JSON.stringify(name)}`;
  if (shape.at(-1)! % type.block !== 0) {
    throw cursor.error(`has rows of ${shape.at(-1)} elements in ${what}, which blocks of ${type.block} do not fill`);
  }
  if (tensor.offset % alignment !== 0) throw cursor.error(`has ${what} at ${tensor.offset}, off its alignment`);
  const bytes = elements / type.block * type.bytes, offset = start + tensor.offset, missing = offset + bytes - size;
  if (missing > 0) throw cursor.error(`is cut short, ${missing} bytes of ${what} are missing`);
  return { ...tensor, offset, bytes };
}

/**
 * Each tensor begins where the previous one ends, except for padding, and the last one ends the file. This reveals a
 * wrong type, shape or count, which would not show in the numbers that are read.
 */
function requireCoverage(
  tensors: readonly GgufTensor[],
  { start, alignment, size }: { readonly start: number; readonly alignment: number; readonly size: number },
  cursor: Cursor,
): void {
  let end = start;
  for (const { name, offset, bytes } of tensors.toSorted((a, b) => a.offset - b.offset)) {
    if (offset !== end) {
      const wrong = offset < end
        ? `overlaps the one before it by ${end - offset}`
        : `comes after ${offset - end} unused`;
      throw cursor.error(`has the tensor ${JSON.stringify(name)}, which ${wrong} bytes`);
    }
    end = start + Math.ceil((offset + bytes - start) / alignment) * alignment;
  }
  if (size > end) throw cursor.error(`has ${size - end} bytes at its end that belong to no tensor`);
}
