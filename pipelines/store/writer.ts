import { createHash } from "node:crypto";
import { system, type SystemFile } from "../common/system.ts";
import { publishSync } from "../common/durable.ts";
import { markWritten, unwritable } from "../common/files.ts";
import { removeOwnSync } from "../common/leavings.ts";
import type { DiskError } from "../common/errors.ts";
import { byteLength, digestOffset, type EntryDeclaration, formatHeader, sealOf, sealOffset } from "./header.ts";

/**
 * Fills an entry: first the declaration, then every tensor's bytes in the declared order. If their number is known only
 * as they are computed, the bytes come first, after `begin`, and the declaration last.
 */
export interface EntryWriter {
  /**
   * Begins an entry that is declared last, with few tensors.
   *
   * @param expected Approximately how many bytes will come, for which room is made.
   */
  begin(expected: number): void;
  /** Writes the next bytes of an entry that is declared last. */
  extend(chunk: ArrayBufferView): void;
  /**
   * Declares what the entry will hold; called once, before the first bytes.
   *
   * @throws {RangeError} If the declaration is inconsistent.
   * @throws {RunError} If the disk refuses.
   */
  declare(declaration: EntryDeclaration): void;
  /**
   * Writes the next bytes of a tensor, synchronously: the chunk may be reused afterwards.
   *
   * @param name The tensor's name, as a check: chunks must come in the declared order.
   * @param chunk Any part of the tensor's elements, little-endian.
   * @throws {RangeError} If it is not this tensor's turn, or the chunk is longer than its missing part.
   * @throws {RunError} If the disk refuses, for example because it is full.
   */
  append(name: string, chunk: ArrayBufferView): void;
}

/** Where an entry goes, and how to make room for it. */
interface Destination {
  /** Where the bytes go first; in the folder of `path`, which must exist. */
  readonly temporary: string;
  /** Where the entry will be once it is complete. */
  readonly path: string;
  /** Receives the entry's length before its first byte is written. */
  readonly makeRoom: (bytes: number) => void;
  /** Frees a number of bytes on a full disk; false if it cannot. */
  readonly rescue: (bytes: number) => boolean;
  /** The error for a disk that stays full with that many bytes missing. */
  readonly full: (bytes: number) => DiskError;
}

/** The size of the header of an entry that is declared last, in bytes. */
const lateHeader = 2 ** 10;

/** An entry being written to disk, under a temporary name. */
export class FileWriter implements EntryWriter {
  readonly #to: Destination;
  readonly #hash = createHash("sha256");
  #file: SystemFile | undefined;
  #seal = "";
  #pending: { readonly name: string; missing: number }[] = [];
  /** How many bytes came before their declaration; `undefined` for an entry that is declared first. */
  #undeclared: number | undefined;

  constructor(to: Destination) {
    this.#to = to;
  }

  begin(expected: number): void {
    if (this.#file !== undefined) throw new RangeError("Expected an entry to begin once");
    this.#open(expected + lateHeader);
    this.#undeclared = 0;
    this.#write(new Uint8Array(lateHeader));
  }

  extend(chunk: ArrayBufferView): void {
    if (this.#undeclared === undefined) throw new RangeError("Expected an entry to begin before its bytes");
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#hash.update(bytes);
    this.#write(bytes);
    this.#undeclared += bytes.length;
  }

  declare(declaration: EntryDeclaration): void {
    if (this.#undeclared !== undefined) return this.#declareLate(declaration, this.#undeclared);
    if (this.#file !== undefined) throw new RangeError("Expected an entry to be declared once");
    const header = formatHeader(declaration);
    this.#seal = sealOf(header);
    this.#pending = declaration.tensors.map((tensor) => ({ name: tensor.name, missing: byteLength(tensor) }));
    this.#open(this.#pending.reduce((sum, { missing }) => sum + missing, header.length));
    this.#write(header);
  }

  #declareLate(declaration: EntryDeclaration, found: number): void {
    const declared = declaration.tensors.reduce((sum, tensor) => sum + byteLength(tensor), 0);
    if (declared !== found) throw new RangeError(`Expected ${found} bytes to be declared but found ${declared}`);
    const header = formatHeader(declaration, lateHeader);
    this.#seal = sealOf(header);
    this.#undeclared = undefined;
    this.#file?.seekSync(0, system.SeekMode.Start);
    this.#write(header);
  }

  #open(bytes: number): void {
    this.#to.makeRoom(bytes);
    try {
      this.#file = system.openSync(this.#to.temporary, { read: true, write: true, createNew: true });
      markWritten(this.#file);
    } catch (fault) {
      throw unwritable(this.#to.path, fault);
    }
  }

  append(name: string, chunk: ArrayBufferView): void {
    // A tensor without elements is complete before its turn.
    if (chunk.byteLength === 0) return;
    this.#passComplete();
    const [tensor] = this.#pending;
    if (tensor?.name !== name) {
      const turn = tensor === undefined ? "no more bytes" : `bytes of tensor "${tensor.name}"`;
      throw new RangeError(`Expected ${turn} but found ${chunk.byteLength} bytes of "${name}"`);
    }
    if (chunk.byteLength > tensor.missing) {
      throw new RangeError(`Expected at most ${tensor.missing} more bytes of "${name}" but found ${chunk.byteLength}`);
    }
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#hash.update(bytes);
    this.#write(bytes);
    tensor.missing -= bytes.length;
  }

  /**
   * Fills in the digests and moves the file into place.
   *
   * @returns The file, at its start and for the caller to close: it can be read even if another process removes it.
   * @throws {RangeError} If the entry is not declared, or bytes of it are missing.
   * @throws {RunError} If the disk refuses.
   */
  finish(): SystemFile {
    this.#passComplete();
    const [tensor] = this.#pending, file = this.#file;
    if (file === undefined || this.#undeclared !== undefined) {
      throw new RangeError("Expected an entry to be declared but nothing was");
    }
    if (tensor !== undefined) throw new RangeError(`Expected ${tensor.missing} more bytes of tensor "${tensor.name}"`);
    this.#writeAt(digestOffset, this.#hash.digest("hex"));
    this.#writeAt(sealOffset, this.#seal);
    try {
      publishSync(file, this.#to.temporary, this.#to.path);
    } catch (fault) {
      throw unwritable(this.#to.path, fault);
    }
    file.seekSync(0, system.SeekMode.Start);
    this.#file = undefined;
    return file;
  }

  /** Gives up: closes and removes the file. Does nothing if there is none. */
  abandon(): void {
    this.#file?.close();
    this.#file = undefined;
    removeOwnSync(this.#to.temporary);
  }

  /** Skips the tensors that have all their bytes, including empty ones. */
  #passComplete(): void {
    while (this.#pending[0]?.missing === 0) this.#pending.shift();
  }

  #writeAt(offset: number, text: string): void {
    this.#file?.seekSync(offset, system.SeekMode.Start);
    this.#write(new TextEncoder().encode(text));
  }

  #write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      try {
        done += this.#file?.writeSync(bytes.subarray(done)) ?? bytes.length;
      } catch (fault) {
        this.#rescue(fault, bytes.length - done);
      }
    }
  }

  /** Returns if writing may be retried: each time the store has fewer entries to evict, so this terminates. */
  #rescue(fault: unknown, least: number): void {
    if (!isFull(fault)) throw unwritable(this.#to.path, fault);
    const missing = Math.max(least, this.#pending.reduce((sum, { missing }) => sum + missing, 0));
    if (!this.#to.rescue(missing)) throw this.#to.full(missing);
  }
}

function isFull(fault: unknown): boolean {
  return fault instanceof Error && "code" in fault && (fault.code === "ENOSPC" || fault.code === "EDQUOT");
}
