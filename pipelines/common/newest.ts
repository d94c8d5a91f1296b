/** A cache of the most recently used values. @module */

/** Holds some values by number. */
export class Newest<T> {
  readonly #values = new Map<number, T>();
  readonly #most: number;

  /** @param most The maximum number of values held. */
  constructor(most: number) {
    this.#most = most;
  }

  /** The value of a number, made again if it was dropped. */
  get(number: number, make: () => T): T {
    const known = this.#values.get(number);
    if (known !== undefined) {
      // The most recently used are dropped last; as long as there is room for all, none is dropped.
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
