/**
 * Maximum flow by Dinic's algorithm (Dinitz 1970), for minimum cuts.
 *
 * @module
 */

/** A directed network of numbered nodes whose edges have capacities. */
export class FlowNetwork {
  readonly #first: number[][];
  readonly #target: number[] = [];
  readonly #left: number[] = [];

  /** @param size The number of nodes. */
  constructor(size: number) {
    this.#first = Array.from({ length: size }, () => []);
  }

  /** Adds an edge; its capacity may be `Infinity`. */
  connect(from: number, to: number, capacity: number): void {
    this.#first[from]!.push(this.#target.length);
    this.#target.push(to);
    this.#left.push(capacity);
    this.#first[to]!.push(this.#target.length);
    this.#target.push(from);
    this.#left.push(0);
  }

  /**
   * A cheapest set of edges that separates the sink from the source.
   *
   * @returns A function that tests whether a node is on the source's side.
   * @throws {RangeError} If no cut has a finite capacity: all edges of some path have infinite capacity.
   */
  minimumCut(source: number, sink: number): (node: number) => boolean {
    for (let level = this.#levels(source); level[sink] !== -1; level = this.#levels(source)) {
      const next = new Array<number>(this.#first.length).fill(0);
      while (this.#augment(source, sink, level, next) > 0);
    }
    const level = this.#levels(source);
    return (node) => level[node] !== -1;
  }

  /** The distance of each node from the source over edges with remaining capacity; −1 if there is no path. */
  #levels(source: number): number[] {
    const level = new Array<number>(this.#first.length).fill(-1);
    level[source] = 0;
    const queue = [source];
    for (const node of queue) {
      for (const edge of this.#first[node]!) {
        const target = this.#target[edge]!;
        if (this.#left[edge]! > 0 && level[target] === -1) {
          level[target] = level[node]! + 1;
          queue.push(target);
        }
      }
    }
    return level;
  }

  /** Sends flow along one shortest path, which it follows with a stack of edges, and returns the amount. */
  #augment(source: number, sink: number, level: readonly number[], next: number[]): number {
    const path: number[] = [];
    let node = source;
    while (node !== sink) {
      const edges = this.#first[node]!;
      let advanced = false;
      for (; next[node]! < edges.length; next[node]!++) {
        const edge = edges[next[node]!]!;
        const target = this.#target[edge]!;
        if (this.#left[edge]! > 0 && level[target] === level[node]! + 1) {
          path.push(edge);
          node = target;
          advanced = true;
          break;
        }
      }
      if (advanced) continue;
      const back = path.pop();
      if (back === undefined) return 0;
      node = this.#target[back ^ 1]!;
      next[node]!++;
    }
    const amount = Math.min(...path.map((edge) => this.#left[edge]!));
    if (amount === Infinity) throw new RangeError("A path of infinite capacity leads from source to sink");
    for (const edge of path) {
      this.#left[edge]! -= amount;
      this.#left[edge ^ 1]! += amount;
    }
    return amount;
  }
}
