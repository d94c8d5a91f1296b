/** A file that is not whole yet: what is checked of it stays, and is gone on from. @module */
import { createHash, type Hash } from "node:crypto";
import { RequestError } from "../../common/errors.ts";
import { readInto, writeAll } from "../../common/files.ts";
import { formatSize } from "../../common/size.ts";
import { system, type SystemFile } from "../../common/system.ts";
import { type ModelFile, partBytes } from "./file_list.ts";

/** What a file's bytes go through on their way to the disk. */
export interface ArrivingFile {
  /** How many bytes are there. */
  readonly bytes: number;
  /** Begins anew. */
  restart(): Promise<void>;
  write(chunk: Uint8Array): Promise<void>;
  /** Writes what waits; gives the SHA-256 of all. Throws a RequestError if the file is not what is listed. */
  finish(): Promise<string>;
}

/** Goes on with a file, after what is there of it and in order. */
export async function arrivingFile(file: SystemFile, listed: ModelFile | undefined): Promise<ArrivingFile> {
  return listed === undefined ? await UnlistedFile.resume(file) : await ListedFile.resume(file, listed);
}

/** A file whose digests are known ahead: each part is checked before it is written, by the browser's own code. */
class ListedFile implements ArrivingFile {
  bytes = 0;
  readonly #file: SystemFile;
  readonly #listed: ModelFile;
  readonly #part: Uint8Array<ArrayBuffer>;
  #waiting = 0;

  private constructor(file: SystemFile, listed: ModelFile) {
    this.#file = file;
    this.#listed = listed;
    this.#part = new Uint8Array(Math.max(1, Math.min(partBytes, listed.size)));
  }

  static async resume(file: SystemFile, listed: ModelFile): Promise<ListedFile> {
    const arriving = new ListedFile(file, listed);
    for (const part of listed.parts) {
      const { length } = await readInto(file, arriving.#part);
      if (length === 0 || await arriving.#digest(length) !== part) break;
      arriving.bytes += length;
    }
    await cut(file, arriving.bytes);
    return arriving;
  }

  async restart(): Promise<void> {
    this.bytes = this.#waiting = 0;
    await cut(this.#file, 0);
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let done = 0; done < chunk.length;) {
      const taken = chunk.subarray(done, done + this.#part.length - this.#waiting);
      this.#part.set(taken, this.#waiting);
      this.#waiting += taken.length;
      done += taken.length;
      if (this.#waiting === this.#part.length) await this.#keep();
    }
  }

  async finish(): Promise<string> {
    if (this.#waiting > 0) await this.#keep();
    const { name, size, sha256 } = this.#listed;
    // At once, because weights are read next.
    this.#part.buffer.transfer(0);
    if (this.bytes === size) return sha256;
    throw new RequestError(
      `${name} ended at ${formatSize(this.bytes)} of ${formatSize(size)}; try again, it goes on from there`,
    );
  }

  async #keep(): Promise<void> {
    const { name, parts } = this.#listed;
    if (await this.#digest(this.#waiting) !== parts[this.bytes / partBytes]) {
      throw new RequestError(
        `${name} arrived damaged after ${formatSize(this.bytes)}; try again, it goes on from there`,
      );
    }
    await writeAll(this.#file, this.#part.subarray(0, this.#waiting));
    this.bytes += this.#waiting;
    this.#waiting = 0;
  }

  async #digest(length: number): Promise<string> {
    return new Uint8Array(await crypto.subtle.digest("SHA-256", this.#part.subarray(0, length))).toHex();
  }
}

/** A file of which nothing is known: its digest is made while it arrives, so that it need not be read for it. */
class UnlistedFile implements ArrivingFile {
  bytes = 0;
  readonly #file: SystemFile;
  #hash: Hash = createHash("sha256");

  private constructor(file: SystemFile) {
    this.#file = file;
  }

  static async resume(file: SystemFile): Promise<UnlistedFile> {
    const arriving = new UnlistedFile(file), buffer = new Uint8Array(partBytes);
    for (let chunk = await readInto(file, buffer); chunk.length > 0; chunk = await readInto(file, buffer)) {
      arriving.#hash.update(chunk);
      arriving.bytes += chunk.length;
    }
    buffer.buffer.transfer(0);
    return arriving;
  }

  async restart(): Promise<void> {
    this.#hash = createHash("sha256");
    this.bytes = 0;
    await cut(this.#file, 0);
  }

  async write(chunk: Uint8Array): Promise<void> {
    await writeAll(this.#file, chunk);
    this.#hash.update(chunk);
    this.bytes += chunk.length;
  }

  finish(): Promise<string> {
    return Promise.resolve(this.#hash.digest("hex"));
  }
}

/** Ends a file at a byte, and goes on from there. */
async function cut(file: SystemFile, length: number): Promise<void> {
  await file.truncate(length);
  await file.seek(length, system.SeekMode.Start);
}
