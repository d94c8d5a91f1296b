/** What was made recently and may be needed again. @module */

/** Keeps the most recently used of the values that are made by key. */
export class Recent<Value> {
  readonly #most: number;
  /** The most recently used is last. */
  readonly #kept = new Map<string, Promise<Value>>();

  /** @param most How many values are kept. */
  constructor(most: number) {
    this.#most = most;
  }

  /** The value of a key, made if it is not kept. What fails to be made is not kept. */
  async of(key: string, make: () => Promise<Value>): Promise<Value> {
    const found = this.#kept.get(key) ?? make();
    this.#kept.delete(key);
    this.#kept.set(key, found);
    if (this.#kept.size > this.#most) this.#kept.delete(this.#kept.keys().next().value!);
    try {
      return await found;
    } catch (error) {
      if (this.#kept.get(key) === found) this.#kept.delete(key);
      throw error;
    }
  }
}
