import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { unwritable } from "../models/files.ts";
import { markWritten } from "./temporaries.ts";
import { byteLength, digestOffset, type EntryDeclaration, formatHeader, sealOf, sealOffset } from "./header.ts";

/** What fills an entry: first the declaration, then every tensor's bytes in the order declared. */
export interface EntryWriter {
  /**
   * Says what the entry will hold; once, before the first bytes.
   *
   * @throws {RangeError} If the declaration contradicts itself.
   * @throws {RunError} If the disk refuses.
   */
  declare(declaration: EntryDeclaration): void;
  /**
   * Writes the next bytes of a tensor, at once: the chunk may be reused after.
   *
   * @param name The tensor's, as a check: chunks have to come in the order declared.
   * @param chunk Any part of the tensor's elements, little-endian.
   * @throws {RangeError} If it is not this tensor's turn, or the chunk is longer than what is missing of it.
   * @throws {RunError} If the disk refuses, as when it is full.
   */
  append(name: string, chunk: ArrayBufferView): void;
}

/** An entry on its way to the disk, under a temporary name. */
export class FileWriter implements EntryWriter {
  readonly #temporary: string;
  readonly #path: string;
  readonly #hash = createHash("sha256");
  #file: Deno.FsFile | undefined;
  #seal = "";
  #pending: { readonly name: string; missing: number }[] = [];

  /**
   * @param temporary Where the bytes go first; in the folder of `path`, which has to exist.
   * @param path Where the entry will lie once it is whole.
   */
  constructor(temporary: string, path: string) {
    this.#temporary = temporary;
    this.#path = path;
  }

  declare(declaration: EntryDeclaration): void {
    if (this.#file !== undefined) throw new RangeError("Expected an entry to be declared once");
    const header = formatHeader(declaration);
    this.#seal = sealOf(header);
    this.#pending = declaration.tensors.map((tensor) => ({ name: tensor.name, missing: byteLength(tensor) }));
    try {
      this.#file = Deno.openSync(this.#temporary, { write: true, createNew: true });
      markWritten(this.#file);
    } catch (fault) {
      throw unwritable(this.#path, fault);
    }
    this.#write(header);
  }

  append(name: string, chunk: ArrayBufferView): void {
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
   * @returns What the system says of the file.
   * @throws {RangeError} If the entry is not declared, or bytes of it are missing.
   * @throws {RunError} If the disk refuses.
   */
  finish(): Deno.FileInfo {
    this.#passComplete();
    const [tensor] = this.#pending;
    if (this.#file === undefined) throw new RangeError("Expected an entry to be declared but nothing was");
    if (tensor !== undefined) throw new RangeError(`Expected ${tensor.missing} more bytes of tensor "${tensor.name}"`);
    this.#writeAt(digestOffset, this.#hash.digest("hex"));
    this.#writeAt(sealOffset, this.#seal);
    this.#close();
    try {
      const info = Deno.statSync(this.#temporary);
      Deno.renameSync(this.#temporary, this.#path);
      return info;
    } catch (fault) {
      throw unwritable(this.#path, fault);
    }
  }

  /** Gives up: closes and removes the file. Does nothing where there is none. */
  abandon(): void {
    this.#close();
    try {
      Deno.removeSync(this.#temporary);
    } catch {
      // It never was, or the disk is beyond help: what made the writing fail is the error to report.
    }
  }

  /** Tensors that have all their bytes, empty ones too, are behind us. */
  #passComplete(): void {
    while (this.#pending[0]?.missing === 0) this.#pending.shift();
  }

  #writeAt(offset: number, text: string): void {
    this.#file?.seekSync(offset, Deno.SeekMode.Start);
    this.#write(Buffer.from(text));
  }

  #write(bytes: Uint8Array): void {
    try {
      for (let done = 0; done < bytes.length;) done += this.#file?.writeSync(bytes.subarray(done)) ?? bytes.length;
    } catch (fault) {
      throw unwritable(this.#path, fault);
    }
  }

  #close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}
