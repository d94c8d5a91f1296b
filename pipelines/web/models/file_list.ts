/** The list of a model's files beside them, so that a page asks for no more and checks what it gets. @module */

/** The list's name. */
export const listName = "refract-files.json";

/** A file of a model. */
export interface ModelFile {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}
