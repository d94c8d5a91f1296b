/** Values that are made when they are asked for, of which those are held that were asked for last. @module */

/** Holds some values by number. */
export class Newest<T> {
  readonly #values = new Map<number, T>();
  readonly #most: number;

  /** @param most How many are held at once. */
  constructor(most: number) {
    this.#most = most;
  }

  /** The value of a number, made again if it was given up. */
  get(number: number, make: () => T): T {
    const known = this.#values.get(number);
    if (known !== undefined) {
      // Those that were used last are the last to go; as long as there is room for all, none goes.
      if (this.#values.size < this.#most) return known;
      this.#values.delete(number);
      this.#values.set(number, known);
      return known;
    }
    const made = make();
    if (this.#values.size >= this.#most) this.#values.delete(this.#values.keys().next().value!);
    this.#values.set(number, made);
    return made;
  }
}
