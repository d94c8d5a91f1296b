import { createHash } from "node:crypto";
import { elementCount } from "../../ops/program/dimension.ts";

/** Bytes per element of the dtypes that entries hold. */
const elementBytes = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, U32: 4, U8: 1, BOOL: 1 } as const;

/** A tensor of an entry that is to be written. */
interface TensorDeclaration {
  readonly name: string;
  readonly dtype: keyof typeof elementBytes;
  readonly shape: readonly number[];
}

/** What an entry will hold, known before its bytes are. */
export interface EntryDeclaration {
  /** In the order in which their bytes will come. */
  readonly tensors: readonly TensorDeclaration[];
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The metadata keys reserved for the store. */
const reserved = ["digest", "header"];
const blank = "0".repeat(64);
const beforeDigest = '{"__metadata__":{"digest":"';
const beforeSeal = '","header":"';

/** Where in a file the digest of its data is: 64 hex digits. */
export const digestOffset = 8 + beforeDigest.length;
/** Where the digest of the header is, computed while both digests were zeros. */
export const sealOffset = digestOffset + blank.length + beforeSeal.length;

/** A tensor's length in bytes. */
export function byteLength({ dtype, shape }: TensorDeclaration): number {
  return elementBytes[dtype] * elementCount(shape);
}

/**
 * The start of an entry's file, up to its data: the length, then the JSON, padded with spaces to a multiple of 8. Both
 * digests come first, at fixed offsets, so that they can be filled in once the data is written.
 *
 * @param room The number of bytes for it, a multiple of 8; as many as necessary if omitted.
 * @throws {RangeError} If a name is used twice, a dimension is not a whole number of at least 0, or the header does not
 * fit.
 */
export function formatHeader({ tensors, metadata = {} }: EntryDeclaration, room = 0): Uint8Array<ArrayBuffer> {
  for (const name of reserved) {
    if (Object.hasOwn(metadata, name)) throw new RangeError(`Expected metadata without "${name}", the store's own`);
  }
  // Written by hand, because an object's integer-like keys would come first, whatever order they were set in.
  const strings = Object.entries(metadata).map((member) => `,${member.map((text) => JSON.stringify(text)).join(":")}`);
  let json = `${beforeDigest}${blank}${beforeSeal}${blank}"${strings.join("")}}`;
  const names = new Set(["__metadata__"]);
  let offset = 0;
  for (const tensor of tensors) {
    const { name, dtype, shape } = tensor;
    if (names.has(name)) throw new RangeError(`Expected an entry's tensor names to differ but "${name}" is taken`);
    if (!shape.every((dimension) => Number.isSafeInteger(dimension) && dimension >= 0)) {
      throw new RangeError(`Expected tensor "${name}" to have whole dimensions but found [${shape}]`);
    }
    names.add(name);
    const end = offset + byteLength(tensor);
    json += `,${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [offset, end] })}`;
    offset = end;
  }
  const bytes = new TextEncoder().encode(`${json}}`);
  if (room > 0 && 8 + bytes.length > room) throw new RangeError(`Expected a header of ${room} bytes at most`);
  const header = new Uint8Array(room > 0 ? room : 8 + Math.ceil(bytes.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(bytes, 8);
  return header;
}

/**
 * The digest of a header, whichever digests it contains.
 *
 * @param header From the start of the file to the data.
 * @returns The SHA-256 in hex.
 */
export function sealOf(header: Uint8Array): string {
  const bare = header.slice();
  for (const offset of [digestOffset, sealOffset]) bare.set(new TextEncoder().encode(blank), offset);
  return createHash("sha256").update(bare).digest("hex");
}
