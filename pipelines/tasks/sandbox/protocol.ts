/** What a sandbox and its interpreters say to each other: frames of a length and bytes in, lines of JSON out. @module */

/** What an interpreter is to do. */
export interface Assignment {
  /** Marks the lines that are the interpreter's own, not those of the program that it runs. */
  readonly token: string;
  /** The program; without one the interpreter gives an image of its memory before any. */
  readonly program?: string;
  /** What the interpreter's memory may grow to, in bytes. */
  readonly memory: number;
  /** What the program may keep in files, which are in memory too, in bytes. */
  readonly files: number;
}

/** What an interpreter says, a line each. */
export type Said =
  /** The interpreter is there, and its program's time begins. */
  | { readonly token: string; readonly kind: "started" }
  /** An image of so many bytes follows. */
  | { readonly token: string; readonly kind: "image"; readonly length: number }
  | { readonly token: string; readonly kind: "passed" }
  | { readonly token: string; readonly kind: "failed"; readonly reason: string };

/** The most characters of what a program raised that are kept. */
export const longestReason = 2000;

/** A frame: four bytes with the length of what follows. */
export function frame(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const framed = new Uint8Array(4 + bytes.length);
  new DataView(framed.buffer).setUint32(0, bytes.length);
  framed.set(bytes, 4);
  return framed;
}
