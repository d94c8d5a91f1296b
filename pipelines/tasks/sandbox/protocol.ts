/** The protocol between a sandbox and its interpreters: length-prefixed frames in, lines of JSON out. @module */

/** The task of an interpreter. */
export interface Assignment {
  /** Marks the interpreter's own lines, as opposed to those of the program that it runs. */
  readonly token: string;
  /** The program; if omitted, the interpreter returns an image of its initial memory. */
  readonly program?: string;
  /** The limit of the interpreter's memory, in bytes. */
  readonly memory: number;
  /** The limit of the program's files, which are also in memory, in bytes. */
  readonly files: number;
}

/** An interpreter's messages, one per line. */
export type Said =
  /** The interpreter is ready, and its program's time begins. */
  | { readonly token: string; readonly kind: "started" }
  /** An image of `length` bytes follows. */
  | { readonly token: string; readonly kind: "image"; readonly length: number }
  | { readonly token: string; readonly kind: "passed" }
  | { readonly token: string; readonly kind: "failed"; readonly reason: string };

/** The maximum number of characters kept of a program's exception. */
export const longestReason = 2000;

/** A frame: four bytes with the length, and the bytes. */
export function frame(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const framed = new Uint8Array(4 + bytes.length);
  new DataView(framed.buffer).setUint32(0, bytes.length);
  framed.set(bytes, 4);
  return framed;
}
