/** The places of some numbers from the largest on, as far as they are asked for. @module */

/**
 * A heap of the places, from which the largest are taken one after the other; of equals the first. Making it takes time
 * in proportion to the numbers, taking one in proportion to their logarithm.
 */
export class FallingOrder {
  readonly #values: Float32Array;
  readonly #heap: Int32Array;
  #size: number;

  constructor(values: Float32Array) {
    this.#values = values;
    this.#size = values.length;
    this.#heap = Int32Array.from(values.keys());
    for (let node = (this.#size >> 1) - 1; node >= 0; node--) this.#settle(node, this.#heap[node]!);
  }

  /** The place of the largest that is left. */
  take(): number | undefined {
    if (this.#size === 0) return undefined;
    const first = this.#heap[0]!;
    if (--this.#size > 0) this.#settle(0, this.#heap[this.#size]!);
    return first;
  }

  /** Puts a place where it belongs below a node. */
  #settle(node: number, place: number): void {
    const heap = this.#heap, size = this.#size;
    for (let child = 2 * node + 1; child < size; child = 2 * node + 1) {
      if (child + 1 < size && this.#isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#isBefore(heap[child]!, place)) break;
      heap[node] = heap[child]!;
      node = child;
    }
    heap[node] = place;
  }

  #isBefore(one: number, other: number): boolean {
    const difference = this.#values[one]! - this.#values[other]!;
    return difference > 0 || difference === 0 && one < other;
  }
}
