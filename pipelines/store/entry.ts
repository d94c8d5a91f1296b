import { createHash } from "node:crypto";
import { system, type SystemFile } from "../common/system.ts";
import { RequestError, RunError } from "../common/errors.ts";
import { faultText, readUpTo } from "../common/files.ts";
import { parseTensorTable, type TensorRecord } from "../models/weights/safetensors_table.ts";
import { sealOf, sealOffset } from "./header.ts";

/**
 * The number of bytes read and hashed at a time: large enough for the disk's full speed, small enough to let other work
 * run.
 */
const CHUNK = 8 << 20;
const LONGEST_HEADER = 100_000_000;
/** What happens to a damaged entry. */
export const REMEDY = "it is dropped and will be recomputed";

/** What an entry records about its data: where they begin in the file, and their SHA-256 in hex. */
interface SealedData {
  readonly start: number;
  readonly digest: string;
}

/** An entry whose header was found to be intact. It holds its file open until it is closed. */
export class Entry implements Disposable {
  /** In the order they were declared. `offset` counts from the start of the file. */
  readonly tensors: ReadonlyMap<string, TensorRecord>;
  readonly metadata: Readonly<Record<string, string>>;
  /** The total length of all tensors. */
  readonly bytes: number;
  readonly #file: SystemFile;
  readonly #onClose: () => void;
  #isClosed = false;

  constructor(
    file: SystemFile,
    /** Where the entry is; an equal one may replace it there while this one stays readable. */
    readonly path: string,
    tensors: ReadonlyMap<string, TensorRecord>,
    metadata: Readonly<Record<string, string>>,
    /** The expected data. */
    readonly data: SealedData,
    onClose: () => void = () => {},
  ) {
    this.#file = file;
    this.#onClose = onClose;
    this.tensors = tensors;
    this.metadata = metadata;
    this.bytes = [...tensors.values()].reduce((sum, tensor) => sum + tensor.bytes, 0);
  }

  /**
   * Reads an F32 tensor, row-major.
   *
   * @throws {RangeError} If there is no such tensor, or it is not F32.
   * @throws {RunError} If the file cannot be read.
   */
  async read(name: string): Promise<Float32Array<ArrayBuffer>> {
    this.#floats(name);
    return new Float32Array((await this.readBytes(name)).buffer);
  }

  /** Reads any tensor's bytes. Errors as for {@linkcode Entry.read}. */
  async readBytes(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const { offset, bytes } = this.#tensor(name);
    const target = new Uint8Array(bytes);
    for (let at = 0; at < bytes; at += CHUNK) {
      if (at > 0) await new Promise((resolve) => setTimeout(resolve));
      this.#readAt(offset + at, target.subarray(at, at + CHUNK));
    }
    return target;
  }

  /**
   * Fills an array with consecutive elements of an F32 tensor, synchronously and without a copy.
   *
   * @param name The tensor's.
   * @param target Receives `target.length` elements.
   * @param start The first element to read; if omitted, the whole tensor is read and must fit the target exactly.
   * @throws {RangeError} If the tensor does not have these elements. Other errors as for {@linkcode Entry.read}.
   */
  readInto(name: string, target: Float32Array, start?: number): void {
    const { offset, bytes } = this.#floats(name);
    const elements = bytes / 4;
    const fits = start === undefined
      ? target.length === elements
      : Number.isSafeInteger(start) && start >= 0 && start + target.length <= elements;
    if (!fits) {
      const wanted = start === undefined ? `${target.length}` : `${target.length} from ${start} up`;
      throw new RangeError(`Expected tensor "${name}" to have ${wanted} elements but it has ${elements}`);
    }
    this.#readAt(offset + 4 * (start ?? 0), new Uint8Array(target.buffer, target.byteOffset, target.byteLength));
  }

  /**
   * Fills an array with consecutive bytes of a tensor, synchronously.
   *
   * @param start The first byte to read. Errors as for {@linkcode Entry.readInto}.
   */
  readBytesInto(name: string, target: Uint8Array, start: number): void {
    const { offset, bytes } = this.#tensor(name);
    if (start < 0 || start + target.length > bytes) {
      throw new RangeError(`Expected tensor "${name}" to have ${target.length} bytes from ${start} up`);
    }
    this.#readAt(offset + start, target);
  }

  /** Closes the file, after which nothing can be read. Does nothing if it is already closed. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#file.close();
    this.#onClose();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #tensor(name: string): TensorRecord {
    const tensor = this.tensors.get(name);
    if (tensor !== undefined) return tensor;
    throw new RangeError(`Expected ${this.path} to hold tensor "${name}" but it has ${[...this.tensors.keys()]}`);
  }

  #floats(name: string): TensorRecord {
    const tensor = this.#tensor(name);
    if (tensor.dtype === "F32") return tensor;
    throw new RangeError(`Expected tensor "${name}" of ${this.path} to be F32 but it is ${tensor.dtype}`);
  }

  /** Seeks and reads without interruption, so that reads from one file never disturb each other. */
  #readAt(offset: number, target: Uint8Array): void {
    try {
      this.#file.seekSync(offset, system.SeekMode.Start);
      for (let done = 0; done < target.length;) {
        const count = this.#file.readSync(target.subarray(done));
        if (count === null) throw new Error("the file was truncated");
        done += count;
      }
    } catch (fault) {
      throw new RunError(
        `${this.path}: can't be read (${faultText(fault)}); run again, and the entry is recomputed if necessary`,
      );
    }
  }
}

/**
 * Opens an entry and checks its header against its digest and the format's rules.
 *
 * @param file At its start. The caller still has to close it if this throws.
 * @param isVerified Whether the data was checked before, or will be, so that it need not be read now.
 * @param onClose Called once, when the entry is closed.
 * @throws {RequestError} If the entry is damaged: an invalid header, a wrong length, other bytes than were written.
 */
export async function openEntry(
  file: SystemFile,
  path: string,
  isVerified: boolean,
  onClose?: () => void,
): Promise<Entry> {
  const damaged = (problem: string) => new RequestError(`${problem}; ${REMEDY}`, { file: path });
  const { size } = await file.stat();
  const prefix = await readUpTo(file, 8);
  const length = prefix.length < 8 ? 0 : Number(new DataView(prefix.buffer).getBigUint64(0, true));
  if (length > Math.min(size - 8, LONGEST_HEADER)) throw damaged("has a truncated header");
  const header = await readUpTo(file, length);
  if (8 + header.length < sealOffset + 64) throw damaged("has an incomplete header");

  const start = 8 + header.length;
  const { tensors, metadata } = parseTensorTable(header, { file: path, start, size, remedy: REMEDY });
  const { digest = "", header: seal, ...own } = metadata;
  const whole = new Uint8Array(start);
  whole.set(prefix);
  whole.set(header, 8);
  if (seal !== sealOf(whole)) throw damaged("has a header that its digest does not match");
  if (!isVerified && digest !== await digestOf(file)) throw damaged("has data that its digest does not match");

  const inOrder = [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes);
  return new Entry(file, path, new Map(inOrder), own, { start, digest }, onClose);
}

/** Whether a file begins with a header that matches its digest; false if it cannot be read. */
export function hasSoundHeader(path: string): boolean {
  try {
    using file = system.openSync(path);
    const prefix = new Uint8Array(8);
    if (file.readSync(prefix) !== 8) return false;
    const length = Number(new DataView(prefix.buffer).getBigUint64(0, true)), start = 8 + length;
    if (length > LONGEST_HEADER || start < sealOffset + 64 || start > file.statSync().size) return false;
    const whole = new Uint8Array(start);
    whole.set(prefix);
    for (let done = 8; done < start;) {
      const count = file.readSync(whole.subarray(done));
      if (count === null) return false;
      done += count;
    }
    return new TextDecoder().decode(whole.subarray(sealOffset, sealOffset + 64)) === sealOf(whole);
  } catch {
    return false;
  }
}

/** The SHA-256, in hex, of the rest of a file. */
async function digestOf(file: SystemFile): Promise<string> {
  const hash = createHash("sha256");
  const chunk = new Uint8Array(CHUNK);
  for (let count = await file.read(chunk); count !== null; count = await file.read(chunk)) {
    hash.update(chunk.subarray(0, count));
  }
  return hash.digest("hex");
}
