/** The keys and values of what a batch has read and written. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import type { Feeds, HostTensor } from "../common/host_tensor.ts";
import { indexFeeds } from "../compile/rows/labels.ts";
import type { Architecture } from "../models/architecture/architecture.ts";
import { runFeeds } from "../models/architecture/model_inputs.ts";

/** What the keys and values of a batch usually may take, in bytes. */
export const mostKeyValueBytes = 2 ** 30;

/** How many more tokens a cache that is full has room for at least. */
const leastGrowth = 32;

/** The bytes of so many tokens' keys and values. */
export function keyValueBytes({ blocks, heads }: Pick<Architecture, "blocks" | "heads">, tokens: number): number {
  return Float32Array.BYTES_PER_ELEMENT * 2 * blocks * heads.keyValueHeads * heads.headWidth * tokens;
}

/** The keys and values of a run of tokens of each prompt, padded on the right. */
export interface PromptRun {
  /** Those of a block [prompts, keyValueHeads, tokens, headWidth], or [1, …] where all prompts share them. */
  readonly tensors: (block: number, part: "key" | "value") => HostTensor;
  /** Each prompt's tokens in the run. */
  readonly lengths: readonly number[];
}

/** So many of a row's first tokens, and where they go in another row. */
interface CopiedTokens {
  readonly from: number;
  readonly length: number;
  readonly at: number;
}

/**
 * Copies tokens of some rows into the rows of another tensor, one a row; both are [rows, heads, tokens, headWidth].
 *
 * @param first The row that the first of them goes to.
 */
export function copyRows(from: HostTensor, to: HostTensor, rows: readonly CopiedTokens[], first = 0): void {
  const source = from.data as Float32Array, target = to.data as Float32Array;
  const [, , tokens] = from.shape as readonly [number, number, number];
  const [, heads, capacity, width] = to.shape as readonly [number, number, number, number];
  rows.forEach(({ from, length, at }, row) => {
    for (let head = 0; head < heads; head++) {
      const start = (from * heads + head) * tokens * width;
      const place = (((first + row) * heads + head) * capacity + at) * width;
      target.set(source.subarray(start, start + length * width), place);
    }
  });
}

/** What a cache is made for. */
interface CacheShape {
  readonly architecture: Architecture;
  /** How many tokens that are never read come before each row. */
  readonly virtual: number;
  /** The most tokens that a row may have. */
  readonly most: number;
}

/** Every block's keys and values of a batch, each [batch, keyValueHeads, capacity, headWidth], filled from the left. */
export class KeyValueCache {
  readonly #shape: CacheShape;
  readonly #capacity: number;
  readonly #tensors: Record<string, HostTensor> = {};
  #filled: readonly number[];

  /** @param filled How many tokens each row is to begin with. */
  constructor(shape: CacheShape, filled: readonly number[], capacity = grown(shape, filled)) {
    this.#shape = shape;
    this.#capacity = capacity;
    this.#filled = filled.map(() => 0);
    const { blocks, heads: { keyValueHeads, headWidth } } = shape.architecture;
    for (let block = 0; block < blocks; block++) {
      for (const part of ["key", "value"]) {
        const extents = [filled.length, keyValueHeads, capacity, headWidth];
        const data = new Float32Array(extents.reduce((product, extent) => product * extent));
        this.#tensors[`past.${block}.${part}`] = { data, shape: extents };
      }
    }
  }

  /** Whether a row has no room for a further token. */
  get isFull(): boolean {
    return Math.max(...this.#filled) >= this.#capacity;
  }

  /** Takes over the keys and values of a further run of the prompts' tokens. */
  append(run: PromptRun): void {
    for (const [name, past] of Object.entries(this.#tensors)) {
      const [, block, part] = name.split(".") as [string, string, "key" | "value"];
      const tensor = run.tensors(Number(block), part), isShared = tensor.shape[0] === 1;
      copyRows(
        tensor,
        past,
        this.#filled.map((at, row) => ({ from: isShared ? 0 : row, length: run.lengths[row]!, at })),
      );
    }
    this.#filled = this.#filled.map((filled, row) => filled + run.lengths[row]!);
  }

  /** A cache of some of the rows, in which each has room for a further token; a row may be taken more than once. */
  take(rows: readonly number[]): KeyValueCache {
    const filled = rows.map((row) => this.#filled[row]!);
    const isFull = Math.max(...filled) >= this.#capacity;
    const taken = new KeyValueCache(this.#shape, filled, isFull ? undefined : this.#capacity);
    const copied = rows.map((from, row) => ({ from, length: filled[row]!, at: 0 }));
    for (const [name, past] of Object.entries(this.#tensors)) copyRows(past, ownValue(taken.#tensors, name)!, copied);
    taken.#filled = filled;
    return taken;
  }

  /** A cache of the rows of both, those of the other last. */
  join(other: KeyValueCache): KeyValueCache {
    const filled = [...this.#filled, ...other.#filled];
    const most = Math.max(this.#shape.most, other.#shape.most);
    const capacity = Math.max(this.#capacity, other.#capacity);
    const joined = new KeyValueCache({ ...this.#shape, most }, filled, capacity);
    let first = 0;
    for (const part of [this, other]) {
      const copied = part.#filled.map((length, from) => ({ from, length, at: 0 }));
      for (const [name, past] of Object.entries(part.#tensors)) {
        copyRows(past, ownValue(joined.#tensors, name)!, copied, first);
      }
      first += part.#filled.length;
    }
    joined.#filled = filled;
    return joined;
  }

  /**
   * What the decode program is fed for one further token a row.
   *
   * @param encoded How many tokens an encoder has read for each row, if one has.
   */
  feeds(tokens: readonly number[], encoded?: readonly number[]): Feeds {
    const { architecture, virtual } = this.#shape, seen = this.#filled.map((filled) => virtual + filled);
    const rows = tokens.map((token, row) => ({ tokens: [token], start: seen[row]! }));
    const past = { width: virtual + this.#capacity, filled: seen };
    const fed = runFeeds("tail", architecture, { rows, length: 1, past, encoded });
    return { ...this.#tensors, ...fed, ...indexFeeds(tokens.map(() => [0]), 1) };
  }

  /** Takes over the keys and values of one further token a row. */
  step(outputs: Readonly<Record<string, HostTensor>>): void {
    const copied = this.#filled.map((at, from) => ({ from, length: 1, at }));
    for (const [name, past] of Object.entries(this.#tensors)) {
      copyRows(ownValue(outputs, name.replace("past", "own"))!, past, copied);
    }
    this.#filled = this.#filled.map((filled) => filled + 1);
  }
}

/** How many tokens a cache is made for that has to hold so many: a share more, so that a long row seldom moves. */
function grown({ most }: CacheShape, filled: readonly number[]): number {
  const longest = Math.max(...filled);
  return Math.min(Math.max(most, longest + 1), longest + Math.max(leastGrowth, Math.ceil(longest / 4)));
}
