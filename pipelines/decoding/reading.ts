/**
 * Reading prompts of one model, so many tokens of each at a time, after what is kept of their beginnings. A run reads the
 * same tokens of a prompt whatever else is read, or written in between.
 *
 * @module
 */
import { indexFeeds, targetFeeds } from "../compile/rows/labels.ts";
import type { TokenizedPrompt } from "../data/examples.ts";
import type { ResidentUse, RowMove, RowWrite } from "../runtime/resident_rows.ts";
import type { Session } from "../runtime/runtime.ts";
import { type Generator, type Logits, logitsOf } from "./continuation.ts";
import { extendFeeds } from "./extend_feeds.ts";
import { ownName, pastTensors, type ReadRow, residentId } from "./key_value_cache.ts";
import { type BlockKeys, blockTokens, type PrefixCache } from "./prefix_cache.ts";

/** How many tokens of a prompt one run reads at most: whole blocks. */
export const chunkTokens = 8 * blockTokens;

/** A prompt to read. */
interface PromptToRead {
  readonly prompt: TokenizedPrompt;
  /** The keys of its blocks, where some may be kept. */
  readonly keys: BlockKeys;
  /** Gets the logits of what follows each token, in order; they are there for the call alone. */
  readonly onLogits?: ((logits: Float32Array, at: number) => void) | undefined;
  /** Tokens of which it is wanted how unlikely each is after the prompt, in place of logits; of all prompts or of none. */
  readonly targets?: readonly number[];
}

/** A prompt that is read. */
interface FinishedPrompt extends ReadRow {
  /** Its number among those of the reading. */
  readonly number: number;
  /** The logits of what follows it, or how unlikely each of its targets is, in nats. */
  readonly logits: Logits;
}

interface Row extends PromptToRead {
  readonly number: number;
  /** How many of its tokens are read. */
  at: number;
}

const leftOf = ({ prompt: { prompt }, at }: Row) => prompt.length - at;

/** Prompts that are being read. */
export class Reading {
  /** How many tokens are not read, since what they gave was kept. */
  readonly keptTokens: number;
  readonly #generator: Generator;
  readonly #prefixes: PrefixCache | undefined;
  readonly #id = residentId();
  /** Those with most left to read first, so that the rows of a run are the first. */
  readonly #rows: readonly Row[];
  #kept: readonly RowMove[];
  #capacity: number;
  #session: Session | undefined;

  constructor(generator: Generator, prompts: readonly PromptToRead[], prefixes: PrefixCache | undefined) {
    this.#generator = generator;
    this.#prefixes = prefixes;
    const found = prompts.map((each, number) => {
      // What follows the last token is to be known, and of some what follows each.
      const most = each.onLogits === undefined ? Math.floor((each.prompt.prompt.length - 1) / blockTokens) : 0;
      const slots = prefixes?.find(each.keys.slice(0, most)) ?? [];
      return { row: { ...each, number, at: slots.length * blockTokens }, slots };
    }).sort((a, b) => leftOf(b.row) - leftOf(a.row));
    this.#rows = found.map(({ row }) => row);
    this.keptTokens = this.#rows.reduce((sum, { at }) => sum + at, 0);
    this.#capacity = Math.max(1, ...this.#rows.map(({ at }) => at));
    this.#kept = found.flatMap(({ slots }, to) =>
      slots.map((from, block): RowMove => {
        return { source: prefixes!.tensors.id, from, length: blockTokens, to, at: block * blockTokens };
      })
    );
  }

  /** Whether all prompts are read. */
  get isDone(): boolean {
    return this.#rows.every((row) => leftOf(row) === 0);
  }

  /** Reads the next tokens of each prompt; gives the prompts of which these are the last. */
  async advance(): Promise<readonly FinishedPrompt[]> {
    const rows = this.#rows.filter((row) => leftOf(row) > 0), generator = this.#generator;
    const lengths = rows.map((row) => Math.min(chunkTokens, leftOf(row))), length = Math.max(...lengths);
    const isRating = rows.some(({ targets }) => targets !== undefined);
    const session = this.#session = await (isRating ? generator.rate! : generator.extend!)();
    const asked = rows.map((row, index) => {
      if (row.onLogits !== undefined) return Array.from({ length: lengths[index]! }, (_, at) => at);
      const isLast = lengths[index] === leftOf(row), last = lengths[index]! - 1;
      if (!isLast && index > 0) return [];
      // Twice at least, since a product with one row rounds otherwise than the same row among others.
      return new Array<number>(Math.max(2, isLast ? row.targets?.length ?? 0 : 0)).fill(last);
    });
    const targets = asked.flatMap((own, index) => own.map((_, which) => rows[index]!.targets?.[which] ?? 0));
    const read = rows.map(({ prompt, at }, index) => {
      return { prompt, at, tokens: prompt.prompt.slice(at, at + lengths[index]!) };
    });
    const feeds = {
      ...extendFeeds(generator, read, this.#capacity),
      ...indexFeeds(asked, length),
      ...isRating ? targetFeeds(targets) : {},
    };
    try {
      const { outputs } = await session.run(feeds, this.#use(rows, lengths));
      return this.#take(rows, lengths, asked, logitsOf(outputs[isRating ? "losses" : "logits"]!));
    } catch (error) {
      this.#prefixes?.clear();
      throw error;
    }
  }

  /** Frees what was read. */
  async close(): Promise<void> {
    await this.#session?.free(this.#id);
  }

  #use(rows: readonly Row[], lengths: readonly number[]): ResidentUse {
    const past = pastTensors(this.#generator.architecture);
    const tensors = past.names.map((name) => [ownName(name), name] as const);
    const before = { rows: this.#rows.length, tokens: this.#capacity };
    this.#capacity = Math.max(this.#capacity, ...rows.map(({ at }, index) => at + lengths[index]!));
    const after = { id: this.#id, rows: before.rows, tokens: this.#capacity };
    const own = rows.map(({ at }, index): RowWrite => ({ from: index, length: lengths[index]!, to: index, at }));
    const kept = this.#keep(rows, lengths), moves = this.#kept;
    this.#kept = [];
    const writes = [{ tensors, rows: own, into: after }];
    if (kept.length > 0) writes.push({ tensors, rows: [...kept], into: this.#prefixes!.tensors });
    return { id: this.#id, ...past, ...before, moves, reads: rows.length, writes };
  }

  /** The whole blocks among what is read, which go where they are kept. */
  #keep(rows: readonly Row[], lengths: readonly number[]): readonly RowWrite[] {
    return rows.flatMap(({ keys, at }, index) => {
      const writes: RowWrite[] = [];
      for (let start = 0; start + blockTokens <= lengths[index]!; start += blockTokens) {
        const to = this.#prefixes?.keep(keys, (at + start) / blockTokens);
        if (to !== undefined) writes.push({ from: index, start, length: blockTokens, to, at: 0 });
      }
      return writes;
    });
  }

  #take(
    rows: readonly Row[],
    lengths: readonly number[],
    asked: readonly (readonly number[])[],
    logits: Logits,
  ): readonly FinishedPrompt[] {
    let taken = 0;
    return rows.flatMap((row, index): FinishedPrompt[] => {
      const first = taken, next = taken += asked[index]!.length;
      asked[index]!.forEach((at, which) => row.onLogits?.(logits(first + which), row.at + at));
      row.at += lengths[index]!;
      if (leftOf(row) > 0) return [];
      const found: Logits = row.targets === undefined ? () => logits(next - 1) : (which) => logits(first + which);
      return [{ number: row.number, source: this.#id, row: index, tokens: row.at, logits: found }];
    });
  }
}
