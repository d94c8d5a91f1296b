/** Finds rows with the same content. @module */
import { createHash } from "node:crypto";
import type { SourceLocation } from "../../common/errors.ts";
import type { Row } from "../../data/row.ts";
import type { Repeated } from "./inspection.ts";

/** The rows of a data set by content: their texts as far as a model reads them, before truncation. */
export class Fingerprints {
  /** The place of the first row with each text, as a number, because there may be millions. */
  readonly #places = new Map<string, number>();
  readonly #files = new Map<string, number>();
  #rows = 0;
  #first: Repeated["first"];

  /** How many different rows there are. */
  get size(): number {
    return this.#places.size;
  }

  /** Adds a row. */
  add({ prompt, pair, completion, turns, place }: Row): void {
    const text = JSON.stringify([turns?.text ?? prompt, pair ?? "", completion]);
    // Half of a digest distinguishes any number of rows that fits on a disk.
    const print = createHash("sha256").update(text).digest("base64").slice(0, 22), as = this.#places.get(print);
    if (as === undefined) return void this.#places.set(print, this.#numberOf(place));
    this.#rows++;
    this.#first ??= { place, as: this.#placeOf(as) };
  }

  /** The rows that repeat an earlier one. */
  get repeated(): Repeated {
    return { rows: this.#rows, ...this.#first === undefined ? {} : { first: this.#first } };
  }

  /** Those of the different rows that are also in another data set. */
  sharedWith(others: Fingerprints): Repeated {
    let rows = 0, first: Repeated["first"];
    for (const [print, place] of this.#places) {
      const as = others.#places.get(print);
      if (as === undefined) continue;
      rows++;
      first ??= { place: this.#placeOf(place), as: others.#placeOf(as) };
    }
    return { rows, ...first === undefined ? {} : { first } };
  }

  #numberOf({ file, line = 0 }: SourceLocation): number {
    return this.#files.getOrInsertComputed(file, () => this.#files.size) * mostLines + line;
  }

  #placeOf(number: number): SourceLocation {
    const file = [...this.#files.keys()][Math.floor(number / mostLines)]!, line = number % mostLines;
    return line === 0 ? { file } : { file, line };
  }
}

/** More lines than a file has. */
const mostLines = 2 ** 36;
