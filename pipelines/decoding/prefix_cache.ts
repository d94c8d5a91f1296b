/**
 * Caching the beginnings of prompts in blocks of tokens: the keys and values of a block depend on its tokens, on those
 * before it and on the edits that act on any of them, so that a prompt with the same beginning is prefilled from there.
 *
 * @module
 */
import type { TokenizedPrompt } from "../data/examples.ts";
import type { ResidentUse } from "../runtime/resident_rows.ts";
import { interventionsOf, withoutHead } from "../compile/lower/adaptation.ts";
import { columnsOf } from "../compile/lower/edit_masks.ts";
import { isEdited } from "../compile/lower/edited_tokens.ts";
import type { Generator } from "./continuation.ts";
import { keyValueBytes, type KeyValueForm, residentId } from "./key_value_cache.ts";

/** The number of tokens in a block. */
export const blockTokens = 32;

/** A block, with those that follow it. */
interface Block {
  readonly slot: number;
  readonly key: string;
  readonly siblings: Map<string, Block>;
  readonly next: Map<string, Block>;
  used: number;
}

/** The keys of a prompt's whole blocks, in order. */
export type BlockKeys = readonly string[];

const owners = new WeakMap<object, number>();
let ownersSoFar = 0;

/** The keys that identify a prompt's blocks: its tokens, and which of them edits act on. */
export function blockKeys(generator: Generator, prompt: TokenizedPrompt): BlockKeys {
  const { adaptations, readsAs } = generator, { prompt: tokens } = prompt, interventions = interventionsOf(adaptations);
  const isPlain = interventions.length === withoutHead(adaptations).length;
  const distinct = new Map(interventions.map((each) => [
    JSON.stringify([each.positionsText, each.positions.short, each.side, each.subspace?.name]),
    each,
  ]));
  const keys: string[] = [];
  let isTouched = !isPlain;
  for (let end = blockTokens; end <= tokens.length; end += blockTokens) {
    const own = tokens.slice(end - blockTokens, end);
    const edited = [...distinct.values()].map((each) => {
      const at = own.flatMap((_, index) => isEdited(each, prompt, end - blockTokens + index) ? [index] : []);
      return at.length === 0 ? "" : `${at}/${[...columnsOf(each, prompt)]}`;
    }).join(";");
    isTouched ||= /\d/.test(edited);
    const owner = isTouched ? owners.getOrInsertComputed(generator, () => ownersSoFar++) : readsAs;
    keys.push(`${owner}|${isTouched ? edited : ""}|${own}`);
  }
  return keys;
}

/** The cached blocks: the most recently used ones, as long as there is room. */
export class PrefixCache {
  readonly #id = residentId();
  /** How many blocks there is room for. */
  readonly mostBlocks: number;
  readonly #first = new Map<string, Block>();
  readonly #free: number[] = [];
  readonly #all = new Set<Block>();
  #slots = 0;
  #clock = 0;

  /** @param mostBytes The maximum size of all keys and values together. */
  constructor(form: KeyValueForm, mostBytes: number) {
    this.mostBlocks = Math.floor(mostBytes / keyValueBytes(form, blockTokens));
  }

  /** The tensors of the blocks, one row per block. */
  get tensors(): Pick<ResidentUse, "id" | "rows" | "tokens"> {
    return { id: this.#id, rows: this.#slots, tokens: blockTokens };
  }

  /** The rows of a prompt's first blocks, as far as they are cached. */
  find(keys: BlockKeys): readonly number[] {
    return this.#path(keys).map((block) => {
      block.used = ++this.#clock;
      return block.slot;
    });
  }

  /** Reserves a row for a prompt's block, if those before it are cached and it is not. */
  keep(keys: BlockKeys, at: number): number | undefined {
    const path = this.#path(keys.slice(0, at + 1)), before = path.at(-1), key = keys[at]!;
    if (path.length !== at) return undefined;
    if (before !== undefined) before.used = ++this.#clock;
    const slot = this.#freeSlot();
    // The block before it may have been evicted, as the oldest one without a successor.
    if (slot === undefined || before !== undefined && !this.#all.has(before)) return undefined;
    const siblings = before?.next ?? this.#first;
    const block = { slot, key, siblings, next: new Map(), used: ++this.#clock };
    siblings.set(key, block);
    this.#all.add(block);
    return slot;
  }

  /** Forgets all blocks, if their rows may not have been written. */
  clear(): void {
    for (const { slot } of this.#all) this.#free.push(slot);
    this.#all.clear();
    this.#first.clear();
  }

  #path(keys: BlockKeys): readonly Block[] {
    const path: Block[] = [];
    let next = this.#first;
    for (const key of keys) {
      const block = next.get(key);
      if (block === undefined) break;
      path.push(block);
      next = block.next;
    }
    return path;
  }

  #freeSlot(): number | undefined {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#slots < this.mostBlocks) return this.#slots++;
    let oldest: Block | undefined;
    for (const block of this.#all) {
      if (block.next.size === 0 && (oldest === undefined || block.used < oldest.used)) oldest = block;
    }
    if (oldest === undefined) return undefined;
    oldest.siblings.delete(oldest.key);
    this.#all.delete(oldest);
    return oldest.slot;
  }
}
