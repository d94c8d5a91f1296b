import { system, type SystemFile } from "../../common/system.ts";
import { RequestError } from "../../common/errors.ts";
import { faultText } from "../../common/files.ts";

/** The number of bytes that are read ahead. */
const WINDOW = 1 << 20;
/** The maximum of any count in a header, far above what models have, since a large file could contain a wrong count. */
const MOST = 1 << 24;
/** The maximum number of bytes in a string, which may be a whole tokenizer.json. */
const LONGEST = 1 << 28;

/** A text from a file on one line, with control characters made visible. */
export function visible(text: string): string {
  return text.replace(/\p{C}/gu, "\ufffd");
}

/**
 * Reads a file's fields one after the other, little-endian. The size that a field claims is compared with the rest of
 * the file before anything is allocated for it.
 */
export class Cursor {
  readonly #handle: SystemFile;
  /** The path, for errors. */
  readonly file: string;
  readonly #size: number;
  #window = new DataView(new ArrayBuffer(0));
  /** The offset at which the window begins. */
  #start = 0;
  #position = 0;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });

  /**
   * @param handle The open file, positioned at its start.
   * @param size The file's length in bytes.
   */
  constructor(handle: SystemFile, file: string, size: number) {
    this.#handle = handle;
    this.file = file;
    this.#size = size;
  }

  /** The offset of the next field. */
  get position(): number {
    return this.#position;
  }

  /** An error about the file. */
  error(problem: string): RequestError {
    return new RequestError(`${visible(problem)}; download or convert the file again`, { file: this.file });
  }

  /**
   * Requires that the file contains the next bytes.
   *
   * @throws {RequestError} If fewer bytes are left.
   */
  require(bytes: number, what: string): void {
    if (bytes <= this.#size - this.#position) return;
    throw this.error(
      `is cut short in ${what}: ${bytes} bytes should follow at ${this.#position}, but only ${
        this.#size - this.#position
      } are left`,
    );
  }

  /** An unsigned byte. */
  u8(what: string): number {
    const at = this.#take(1, what);
    return this.#window.getUint8(at);
  }

  /** A signed byte. */
  i8(what: string): number {
    const at = this.#take(1, what);
    return this.#window.getInt8(at);
  }

  /** 16 bits, unsigned. */
  u16(what: string): number {
    const at = this.#take(2, what);
    return this.#window.getUint16(at, true);
  }

  /** 16 bits, signed. */
  i16(what: string): number {
    const at = this.#take(2, what);
    return this.#window.getInt16(at, true);
  }

  /** 32 bits, unsigned. */
  u32(what: string): number {
    const at = this.#take(4, what);
    return this.#window.getUint32(at, true);
  }

  /** 32 bits, signed. */
  i32(what: string): number {
    const at = this.#take(4, what);
    return this.#window.getInt32(at, true);
  }

  /** A 32-bit float. */
  f32(what: string): number {
    const at = this.#take(4, what);
    return this.#window.getFloat32(at, true);
  }

  /** A 64-bit float. */
  f64(what: string): number {
    const at = this.#take(8, what);
    return this.#window.getFloat64(at, true);
  }

  /** 64 bits, unsigned; rounded above 2^53. */
  u64(what: string): number {
    const at = this.#take(8, what);
    return Number(this.#window.getBigUint64(at, true));
  }

  /** 64 bits, signed; rounded above 2^53. */
  i64(what: string): number {
    const at = this.#take(8, what);
    return Number(this.#window.getBigInt64(at, true));
  }

  /**
   * A count of items that follow.
   *
   * @param least The minimum number of bytes of each item.
   * @param of What is counted.
   * @throws {RequestError} If the file can't contain that many, or it is more than any model has.
   */
  count(least: number, of: string): number {
    const count = this.u64(`the number of ${of}`);
    this.require(count * least, `${count} ${of}`);
    if (count > MOST) throw this.error(`announces ${count} ${of}, at most ${MOST} are read`);
    return count;
  }

  /**
   * A string after its length in bytes.
   *
   * @throws {RequestError} If it is longer than the file, or not UTF-8.
   */
  text(what: string): string {
    const length = this.u64(`the length of ${what}`);
    this.require(length, what);
    if (length > LONGEST) throw this.error(`announces ${length} bytes for ${what}, at most ${LONGEST} are read`);
    const at = this.#take(length, what);
    try {
      return this.#decoder.decode(new Uint8Array(this.#window.buffer, at, length));
    } catch {
      throw this.error(`has bytes in ${what} that are not UTF-8`);
    }
  }

  /** Advances past a field and returns its offset in the window. */
  #take(bytes: number, what: string): number {
    this.require(bytes, what);
    if (this.#position + bytes > this.#start + this.#window.byteLength) this.#refill(bytes);
    const at = this.#position - this.#start;
    this.#position += bytes;
    return at;
  }

  #refill(least: number): void {
    const window = new Uint8Array(Math.max(least, Math.min(WINDOW, this.#size - this.#position)));
    try {
      this.#handle.seekSync(this.#position, system.SeekMode.Start);
      for (let done = 0; done < window.length;) {
        const count = this.#handle.readSync(window.subarray(done));
        if (count === null) throw this.error("has become shorter while it was read");
        done += count;
      }
    } catch (fault) {
      if (fault instanceof RequestError) throw fault;
      throw new RequestError(`can't be read (${faultText(fault)}); check its permissions`, { file: this.file });
    }
    this.#window = new DataView(window.buffer);
    this.#start = this.#position;
  }
}
