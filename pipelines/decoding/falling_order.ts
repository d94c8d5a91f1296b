/** The indices of numbers in descending order of the numbers, computed lazily. @module */

/**
 * A heap of indices, from which that of the largest number is taken each time, the lowest index on a tie. Building it
 * takes linear time, and taking an index logarithmic time.
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

  /** Takes the index of the largest remaining number. */
  take(): number | undefined {
    if (this.#size === 0) return undefined;
    const first = this.#heap[0]!;
    if (--this.#size > 0) this.#settle(0, this.#heap[this.#size]!);
    return first;
  }

  /** Sifts an index down from a node to its place. */
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
