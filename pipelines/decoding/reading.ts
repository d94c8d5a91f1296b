/**
 * Prefilling the prompts of one model in chunks of tokens, starting after their cached beginnings. The chunks of a
 * prompt do not depend on what else is prefilled, or decoded in between.
 *
 * @module
 */
import { targetFeeds } from "../compile/rows/labels.ts";
import type { TokenizedPrompt } from "../data/examples.ts";
import type { ResidentUse, RowMove, RowWrite } from "../runtime/resident_rows.ts";
import type { Session } from "../runtime/runtime.ts";
import type { Generator } from "./continuation.ts";
import { type Logits, logitsOf, ofRows } from "./row_logits.ts";
import { extendFeeds } from "./extend_feeds.ts";
import { ownName, pastTensors, type ReadRow, residentId } from "./key_value_cache.ts";
import { type BlockKeys, blockTokens, type PrefixCache } from "./prefix_cache.ts";

/** The maximum number of a prompt's tokens in one run, a multiple of a block's. */
export const chunkTokens = 8 * blockTokens;

/** A prompt to prefill. */
interface PromptToRead {
  readonly prompt: TokenizedPrompt;
  /** The keys of its blocks, some of which may be cached. */
  readonly keys: BlockKeys;
  /** Receives the logits after each token, in order; they are valid only during the call. */
  readonly onLogits?: ((logits: Float32Array, at: number) => void) | undefined;
  /** Tokens whose negative log-likelihoods after the prompt are wanted instead of logits; for all prompts or none. */
  readonly targets?: readonly number[];
}

/** A prompt that has been prefilled. */
interface FinishedPrompt extends ReadRow {
  /** Its index among the prompts of the reading. */
  readonly number: number;
  /** The logits after it, or the negative log-likelihoods of its targets in nats. */
  readonly logits: Logits;
}

interface Row extends PromptToRead {
  readonly number: number;
  /** How many of its tokens have been read. */
  at: number;
}

const leftOf = ({ prompt: { prompt }, at }: Row) => prompt.length - at;

/** Prompts that are being prefilled. */
export class Reading {
  /** How many tokens are not run, since their keys and values are cached. */
  readonly keptTokens: number;
  readonly #generator: Generator;
  readonly #prefixes: PrefixCache | undefined;
  readonly #id = residentId();
  /** Sorted by the number of remaining tokens, most first, so that the rows of a run are the first ones. */
  readonly #rows: readonly Row[];
  #kept: readonly RowMove[];
  #capacity: number;
  #session: Session | undefined;

  constructor(generator: Generator, prompts: readonly PromptToRead[], prefixes: PrefixCache | undefined) {
    this.#generator = generator;
    this.#prefixes = prefixes;
    const found = prompts.map((each, number) => {
      // The logits after the last token are always needed, and for some prompts those after each token.
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

  /** Whether all prompts have been prefilled. */
  get isDone(): boolean {
    return this.#rows.every((row) => leftOf(row) === 0);
  }

  /** Runs the next tokens of each prompt, and returns the prompts that are now complete. */
  async advance(): Promise<readonly FinishedPrompt[]> {
    const rows = this.#rows.filter((row) => leftOf(row) > 0), generator = this.#generator;
    const lengths = rows.map((row) => Math.min(chunkTokens, leftOf(row)));
    const isRating = rows.some(({ targets }) => targets !== undefined);
    const session = this.#session = await (isRating ? generator.rate! : generator.extend!)();
    const asked = rows.map((row, index) => {
      if (row.onLogits !== undefined) return Array.from({ length: lengths[index]! }, (_, at) => at);
      const isLast = lengths[index] === leftOf(row), last = lengths[index]! - 1;
      if (!isLast && index > 0) return [];
      // At least two rows, since a product with one row rounds differently from the same row among others.
      return new Array<number>(Math.max(2, isLast ? row.targets?.length ?? 0 : 0)).fill(last);
    });
    const targets = asked.flatMap((own, index) => own.map((_, which) => rows[index]!.targets?.[which] ?? 0));
    const read = rows.map(({ prompt, at }, index) => {
      return { prompt, at, tokens: prompt.prompt.slice(at, at + lengths[index]!) };
    });
    const feeds = {
      ...extendFeeds(generator, read, this.#capacity, asked),
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

  /** Frees the keys and values. */
  async close(): Promise<void> {
    await this.#session?.free(this.#id);
  }

  #use(rows: readonly Row[], lengths: readonly number[]): ResidentUse {
    const past = pastTensors(this.#generator);
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

  /** The copies of whole blocks among the tokens read into the prefix cache. */
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
      const found = ofRows(logits, row.targets === undefined ? () => next - 1 : (which) => first + which);
      return [{ number: row.number, source: this.#id, row: index, tokens: row.at, logits: found }];
    });
  }
}
