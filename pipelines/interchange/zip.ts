/**
 * Reads zip archives from untrusted sources: every size is checked against the file's before memory is allocated, and
 * every record's checksum is verified. The zip library that writes them does neither. {@link
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT}
 *
 * @module
 */
import { crc32, inflateRawSync } from "node:zlib";
import { RequestError } from "../common/errors.ts";
import { quote } from "../common/suggest.ts";

/** A file within an archive. */
export interface ZipRecord {
  /** In bytes, unpacked. */
  readonly size: number;
  /**
   * Its content.
   *
   * @throws {RequestError} If it is damaged.
   */
  read(): Uint8Array<ArrayBuffer>;
}

/**
 * The maximum unpacked size of all records of a compressed archive, in bytes; a few kilobytes could claim gigabytes.
 */
const mostUnpacked = 2 ** 28;

const signatures = { end: 0x06054b50, end64: 0x06064b50, locator64: 0x07064b50, entry: 0x02014b50, local: 0x04034b50 };
const methods = { stored: 0, deflated: 8 };

/** A record as the archive's directory lists it. */
interface Entry {
  readonly name: string;
  readonly method: number;
  readonly checksum: number;
  readonly packed: number;
  readonly size: number;
  /** Where the record's own header starts. */
  readonly start: number;
}

/**
 * The records of an archive by name; contents are read on demand.
 *
 * @param file For messages.
 * @throws {RequestError} If the archive is truncated, inconsistent or encrypted.
 */
export function readZip(bytes: Uint8Array<ArrayBuffer>, file: string): ReadonlyMap<string, ZipRecord> {
  const records = new Map<string, ZipRecord>();
  let packed = 0, unpacked = 0;
  for (const entry of intact(file, () => directoryOf(bytes))) {
    packed += entry.packed;
    unpacked += entry.size;
    // Overlapping records could also claim any size.
    if (packed > bytes.length || entry.method === methods.stored && entry.size !== entry.packed) throw damaged(file);
    if (unpacked > Math.max(bytes.length, mostUnpacked)) {
      throw new RequestError(
        `claims to unpack to ${unpacked} bytes or more, but at most ${mostUnpacked} are read from compressed archives; ` +
          "save it again without compression",
        { file },
      );
    }
    if (records.has(entry.name)) {
      throw new RequestError(`holds ${quote(entry.name)} twice; save the intervention again`, { file });
    }
    records.set(entry.name, { size: entry.size, read: () => intact(file, () => contentOf(bytes, entry, file)) });
  }
  return records;
}

function damaged(file: string): RequestError {
  return new RequestError("is not a complete zip archive of torch.save; copy the file again", { file });
}

/** Reads; reading past the file's end in any way means that it is damaged. */
function intact<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (fault) {
    throw fault instanceof RequestError ? fault : damaged(file).causedBy(fault);
  }
}

/** Numbers of 16, 32 and 64 bits, little-endian; each throws a RangeError past the end. */
function readerOf(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    short: (at: number) => view.getUint16(at, true),
    word: (at: number) => view.getUint32(at, true),
    long: (at: number) => Number(view.getBigUint64(at, true)),
  };
}

function directoryOf(bytes: Uint8Array): Entry[] {
  const { short, word } = readerOf(bytes);
  const { start, count } = locateDirectory(bytes);
  const entries: Entry[] = [];
  for (let at = start; entries.length < count;) {
    if (word(at) !== signatures.entry) throw new RangeError("Expected an entry of the directory");
    const nameLength = short(at + 28), extraLength = short(at + 30);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const extra = bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
    const [size, packed, position] = widened([word(at + 24), word(at + 20), word(at + 42)], extra);
    const isEncrypted = (short(at + 8) & 1) !== 0;
    if (isEncrypted) throw new RangeError("Expected no encryption");
    entries.push({ name, method: short(at + 10), checksum: word(at + 16), packed, size, start: position });
    at += 46 + nameLength + extraLength + short(at + 32);
  }
  return entries;
}

/** Where the directory starts, and how many entries it has. */
function locateDirectory(bytes: Uint8Array): { readonly start: number; readonly count: number } {
  const { short, word, long } = readerOf(bytes);
  let end = bytes.length - 22;
  const least = Math.max(0, end - 0xffff);
  while (end >= least && word(end) !== signatures.end) end--;
  if (end < least) throw new RangeError("Expected an end of the directory");
  const count = short(end + 10), start = word(end + 16);
  if (count !== 0xffff && start !== 0xffffffff) return { start, count };
  if (word(end - 20) !== signatures.locator64) return { start, count };
  const end64 = long(end - 12);
  if (word(end64) !== signatures.end64) throw new RangeError("Expected a 64-bit end of the directory");
  return { start: long(end64 + 48), count: long(end64 + 32) };
}

/** Sizes and offset, with those that did not fit into 32 bits taken from the extra field, which lists only these. */
function widened(
  values: readonly [size: number, packed: number, start: number],
  extra: Uint8Array,
): readonly [size: number, packed: number, start: number] {
  if (!values.includes(0xffffffff)) return values;
  const { short, long } = readerOf(extra);
  let at = 0;
  while (short(at) !== 1) at += 4 + short(at + 2);
  at += 4;
  const wide = (value: number) => value === 0xffffffff ? long((at += 8) - 8) : value;
  return [wide(values[0]), wide(values[1]), wide(values[2])];
}

function contentOf(bytes: Uint8Array<ArrayBuffer>, entry: Entry, file: string): Uint8Array<ArrayBuffer> {
  const { short, word } = readerOf(bytes);
  const { name, method, checksum, packed, size, start } = entry;
  if (word(start) !== signatures.local) throw new RangeError("Expected a record's header");
  const from = start + 30 + short(start + 26) + short(start + 28);
  if (from + packed > bytes.length) throw new RangeError("Expected the record within the file");
  const raw = bytes.slice(from, from + packed);
  if (method !== methods.stored && method !== methods.deflated) {
    throw new RequestError(
      `holds ${quote(name)} compressed with method ${method}; save it again without compression`,
      { file },
    );
  }
  const content = method === methods.stored
    ? raw
    : new Uint8Array(inflateRawSync(raw, { maxOutputLength: Math.max(1, size) }));
  if (content.length !== size || crc32(content) !== checksum) {
    throw new RequestError(
      `holds ${quote(name)} with a different checksum than it was saved with; copy the file again`,
      {
        file,
      },
    );
  }
  return content;
}
