/** The largest of some numbers in torch's order. @module */

/**
 * The indices of the largest numbers in descending order, as found by torch.topk on a CPU. Which of equal numbers are
 * taken, and in what order, follows C++'s std::partial_sort: a heap of the first `count`, whose smallest each larger
 * one replaces.
 */
export function torchTopk(values: ArrayLike<number>, count: number): number[] {
  const heap = Array.from({ length: Math.min(count, values.length) }, (_, place) => place);
  for (let parent = Math.floor(heap.length / 2) - 1; parent >= 0; parent--) settle(parent, heap.length, heap[parent]!);
  for (let place = heap.length; place < values.length; place++) {
    if (values[place]! > values[heap[0]!]!) settle(0, heap.length, place);
  }
  for (let last = heap.length - 1; last > 0; last--) {
    const place = heap[last]!;
    heap[last] = heap[0]!;
    settle(0, last, place);
  }
  return heap;

  /** Moves the smaller children up into a free node down to a leaf, then sifts an index up to its place. */
  function settle(node: number, length: number, place: number): void {
    let free = node;
    for (let right = 2 * free + 2; right < length; right = 2 * free + 2) free = moveUp(free, lesser(right));
    if (2 * free + 1 === length - 1) free = moveUp(free, length - 1);
    for (let above = parentOf(free); free > node && values[heap[above]!]! > values[place]!; above = parentOf(free)) {
      free = moveUp(free, above);
    }
    heap[free] = place;
  }

  function lesser(right: number): number {
    return values[heap[right]!]! > values[heap[right - 1]!]! ? right - 1 : right;
  }

  function moveUp(to: number, from: number): number {
    heap[to] = heap[from]!;
    return from;
  }
}

const parentOf = (node: number) => Math.floor((node - 1) / 2);
