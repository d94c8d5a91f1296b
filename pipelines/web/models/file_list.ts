/**
 * The list of a model's files, stored beside them, so that a page requests no others and verifies what it gets.
 *
 * @module
 */

/** The list's name. */
export const listName = "refract-files.json";

/** How much of a file has a digest of its own, so that it can be checked when it arrives. */
export const partBytes = 8 << 20;

/** A file of a model. */
export interface ModelFile {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  /** SHA-256 of every {@linkcode partBytes} of it, the last of what is left. */
  readonly parts: readonly string[];
}
