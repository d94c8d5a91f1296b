/** Which rows say the same. @module */
import { createHash } from "node:crypto";
import type { SourceLocation } from "../../common/errors.ts";
import type { Row } from "../../data/row.ts";
import type { Repeated } from "./inspection.ts";

/** The rows of a data set by what they say: their texts as far as a model reads them, before anything is cut. */
export class Fingerprints {
  readonly #places = new Map<string, SourceLocation>();
  #rows = 0;
  #first: Repeated["first"];

  /** How many different rows there are. */
  get size(): number {
    return this.#places.size;
  }

  /** Adds a row. */
  add({ prompt, pair, completion, turns, place }: Row): void {
    const text = JSON.stringify([turns?.text ?? prompt, pair ?? "", completion]);
    // Half of a digest keeps any number of rows apart that a disk holds.
    const print = createHash("sha256").update(text).digest("base64").slice(0, 22), as = this.#places.get(print);
    if (as === undefined) return void this.#places.set(print, place);
    this.#rows++;
    this.#first ??= { place, as };
  }

  /** The rows that say what an earlier one does. */
  get repeated(): Repeated {
    return { rows: this.#rows, ...this.#first === undefined ? {} : { first: this.#first } };
  }

  /** Those of the different rows that others have, too. */
  sharedWith(others: Fingerprints): Repeated {
    let rows = 0, first: Repeated["first"];
    for (const [print, place] of this.#places) {
      const as = others.#places.get(print);
      if (as === undefined) continue;
      rows++;
      first ??= { place, as };
    }
    return { rows, ...first === undefined ? {} : { first } };
  }
}
