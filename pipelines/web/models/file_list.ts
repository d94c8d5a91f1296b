/**
 * The list of a model's files, stored beside them, so that a page requests no others and verifies what it gets.
 *
 * @module
 */

/** The list's name. */
export const listName = "refract-files.json";

/** A file of a model. */
export interface ModelFile {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}
