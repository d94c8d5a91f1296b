/**
 * Continuing the prompts of any number of callers in as few batches as their edits allow: a row leaves its batch when
 * it is done, and a waiting prompt takes its place. The effect of edits that act only on the prompt is in its keys and
 * values, so rows with different edits, or none, are decoded together by the bare base model. Prompts are prefilled in
 * chunks between the decoding steps of others.
 *
 * @module
 */
import type { Architecture } from "../models/architecture/architecture.ts";
import { Continuation, type Generator, type Step } from "./continuation.ts";
import { ofRows, onlyLikeliest } from "./row_logits.ts";
import { advance, type Entry, isAborted, type WritingTask } from "./entry.ts";
import { blockKeys, PrefixCache } from "./prefix_cache.ts";
import { Reading } from "./reading.ts";
import { type EngineLimits, nextGroup } from "./reading_group.ts";

/** An engine's current load. */
interface EngineLoad {
  readonly waiting: number;
  readonly rows: number;
}

/** Rows that one program decodes together. */
interface Batch {
  readonly continuation: Continuation;
  /** The entries, in the order of their rows. */
  entries: readonly Entry[];
  /** The index of the last row, if it was run twice; its copy follows it. */
  copied: number | undefined;
}

/** Prompts that are prefilled together. */
interface Group {
  readonly reading: Reading;
  readonly entries: readonly Entry[];
  /** Those that have not been read to their end. */
  readonly unread: Set<Entry>;
}

/** The maximum number of rows whose next step is started before their tokens are chosen. */
const mostForeseen = 4;

/** Generates for many callers at once. */
export class Engine {
  #keptTokens = 0;
  readonly #limits: EngineLimits;
  #waiting: readonly Entry[] = [];
  #group: Group | undefined;
  readonly #batches = new Map<unknown, Batch>();
  readonly #prefixes = new Map<Architecture, PrefixCache>();
  #isRunning = false;
  /** When the work began that no entry has been charged for yet. */
  #since = 0;

  constructor(limits: EngineLimits) {
    this.#limits = limits;
  }

  /** The current load. */
  get load(): EngineLoad {
    const rows = this.#written.reduce((sum, { steps }) => sum + steps.length, 0);
    return { waiting: this.#waiting.length + (this.#group?.entries.length ?? 0), rows };
  }

  /** How many prompt tokens were not prefilled, since their keys and values were cached. */
  get keptTokens(): number {
    return this.#keptTokens;
  }

  /**
   * Has a writer continue its prompt until it is done.
   *
   * @returns How many seconds the engine worked for it, with its share of the runs that it shared with others.
   */
  write(task: WritingTask): Promise<number> {
    if (task.writer.isDone) return Promise.resolve(0);
    const keys = this.#prefixesOf(task.generator) === undefined ? [] : blockKeys(task.generator, task.prompt);
    return new Promise((resolve, reject) => {
      const entry: Entry = {
        ...task,
        resolve: () => resolve(entry.seconds),
        reject,
        keys,
        seconds: 0,
        first: 0,
        steps: [],
      };
      this.#waiting = [...this.#waiting, entry];
      if (!this.#isRunning) this.#run();
    });
  }

  get #written(): readonly Entry[] {
    return [...this.#batches.values()].flatMap(({ entries }) => entries);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // All requests made in one turn of the event loop are read together.
    await Promise.resolve();
    this.#since = performance.now();
    while (this.#waiting.length > 0 || this.#batches.size > 0 || this.#group !== undefined) {
      await this.#admit();
      for (const [key, batch] of this.#batches) await this.#advance(key, batch);
      // By now, its entries that continue are in their batches.
      if (this.#group?.reading.isDone) await this.#endGroup(this.#group);
    }
    this.#isRunning = false;
  }

  /**
   * Prefills prompts while there is room: one chunk of each if rows are being decoded, so that these don't wait long.
   */
  async #admit(): Promise<void> {
    for (let isAlone = true; isAlone;) {
      isAlone = this.#batches.size === 0;
      if (this.#group === undefined) {
        const entries = this.#next(), [first] = entries;
        if (first === undefined) return;
        if (first.generator.extend === undefined) await this.#read(entries);
        else {
          const reading = this.#reading(first.generator, entries);
          this.#keptTokens += reading.keptTokens;
          this.#group = { entries, reading, unread: new Set(entries) };
        }
      }
      if (this.#group !== undefined) await this.#readOn(this.#group);
      if (this.#group?.reading.isDone) return;
    }
  }

  /** Takes the waiting prompts that are prefilled together. */
  #next(): readonly Entry[] {
    for (const { reject, signal } of this.#waiting.filter(isAborted)) reject(signal?.reason);
    this.#waiting = this.#waiting.filter((entry) => !isAborted(entry));
    const [first] = this.#waiting, prefixes = first && this.#prefixesOf(first.generator);
    const group = nextGroup(this.#waiting, this.#limits, { written: this.#written, prefixes });
    this.#waiting = this.#waiting.filter((entry) => !group.includes(entry));
    return group;
  }

  #prefixesOf({ architecture, keyValueType, extend }: Generator): PrefixCache | undefined {
    const { prefixBytes = 0 } = this.#limits;
    if (prefixBytes === 0 || extend === undefined) return undefined;
    return this.#prefixes.getOrInsertComputed(
      architecture,
      () => new PrefixCache({ architecture, keyValueType }, prefixBytes),
    );
  }

  #reading(generator: Generator, entries: readonly Entry[]): Reading {
    const prompts = entries.map(({ prompt, keys, onPromptLogits: onLogits }) => ({ prompt, keys, onLogits }));
    return new Reading(generator, prompts, this.#prefixesOf(generator));
  }

  /** Prefills a chunk of each prompt in a group, and starts decoding those that are complete. */
  async #readOn(group: Group): Promise<void> {
    const { reading, entries, unread } = group;
    try {
      if (entries.every(isAborted)) throw entries[0]!.signal?.reason;
      const read = await reading.advance();
      this.#charge([...unread].map((entry) => [entry, 1]));
      for (const { number, logits, ...row } of read) {
        const entry = entries[number]!;
        unread.delete(entry);
        const { generator, prompt, writer, signal } = entry;
        if (isAborted(entry)) entry.reject(signal?.reason);
        else if (advance(entry, logits)) {
          const { continuation } = this.#batchOf(generator);
          this.#begin(entry, continuation.join(prompt, row, writer.room));
        }
      }
    } catch (error) {
      for (const { reject, signal } of entries) reject(signal?.aborted ? signal.reason : error);
      await this.#endGroup(group);
    }
  }

  async #endGroup({ reading }: Group): Promise<void> {
    this.#group = undefined;
    // A runtime that has stopped has already freed everything.
    await reading.close().catch(() => {});
  }

  /** Prefills whole prompts, for models with an encoder or with encoded values. */
  async #read(group: readonly Entry[]): Promise<void> {
    const { generator } = group[0]!, { continuation } = this.#batchOf(generator);
    try {
      if (group.some(({ onPromptLogits }) => onPromptLogits !== undefined)) {
        throw new TypeError("The logits after each prompt token are not available if an encoder reads the prompt");
      }
      const room = Math.max(...group.map(({ writer }) => writer.room)), prompts = group.map(({ prompt }) => prompt);
      const first = continuation.rows, logits = await continuation.read(generator, prompts, room);
      this.#charge(group.map((entry) => [entry, 1]));
      for (const [row, entry] of group.entries()) {
        if (advance(entry, ofRows(logits, () => row))) this.#begin(entry, first + row);
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  /** The steps of a batch, the last one twice if that row would be rounded differently than among others. */
  #completed(batch: Batch, [entry]: readonly Entry[], steps: readonly Step[]): readonly Step[] {
    const { copied } = batch, last = steps.at(-1), rounding = entry?.generator.oddRounding;
    const isOdd = rounding === "int8" ? steps.length % 2 === 1 : rounding === "float32" && steps.length === 1;
    batch.copied = undefined;
    if (last === undefined || !isOdd || !this.#limits.completes?.includes(rounding!)) return steps;
    batch.copied = steps.length - 1;
    // The copy of that row, if there is one, goes on, so that no keys and values are copied.
    return [...steps, last.from === copied ? { ...last, from: copied + 1 } : last];
  }

  /** Divides the time since the last run's end among the entries of the run that ended now, by weight. */
  #charge(shares: readonly (readonly [Entry, number])[]): void {
    const now = performance.now(), seconds = (now - this.#since) / 1000;
    const total = shares.reduce((sum, [, weight]) => sum + weight, 0);
    this.#since = now;
    for (const [entry, weight] of shares) entry.seconds += seconds * weight / total;
  }

  #batchOf(generator: Generator): Batch {
    return this.#batches.getOrInsertComputed(generator.decodesAs, () => {
      return { continuation: new Continuation(generator), entries: [], copied: undefined };
    });
  }

  /** Starts decoding an entry after its prompt, at a row of its batch. */
  #begin(entry: Entry, first: number): void {
    entry.first = first;
    entry.steps = entry.steps.map(({ token }) => ({ from: 0, token }));
    const batch = this.#batchOf(entry.generator);
    batch.entries = [...batch.entries, entry];
  }

  /**
   * Whether the tokens of a batch's next step are foreseen. A step of many rows takes so long that little is gained, and
   * computes a token in vain for each row that ends; prompts that wait would have to wait for it, too.
   */
  #isForeseen(open: readonly Entry[], steps: readonly Step[]): boolean {
    return steps.length <= mostForeseen && this.#waiting.length === 0 && this.#group === undefined &&
      open.every(({ writer }) => writer.isForeseen === true);
  }

  /** Decodes one more token for each row of a batch. */
  async #advance(key: unknown, batch: Batch): Promise<void> {
    for (const { reject, signal } of batch.entries.filter(isAborted)) reject(signal?.reason);
    const open = batch.entries.filter((entry) => !isAborted(entry));
    const steps = open.flatMap(({ first, steps }) => steps.map(({ from, token }) => ({ from: first + from, token })));
    try {
      const logits = steps.length === 0
        ? onlyLikeliest([])
        : await batch.continuation.next(this.#completed(batch, open, steps), this.#isForeseen(open, steps));
      if (steps.length > 0) this.#charge(open.map((entry) => [entry, entry.steps.length]));
      let row = 0;
      batch.entries = open.filter((entry) => {
        const first = entry.first = row;
        row += entry.steps.length;
        return advance(entry, ofRows(logits, (own) => first + own));
      });
    } catch (error) {
      for (const { reject } of open) reject(error);
      batch.entries = [];
    }
    if (batch.entries.length > 0) return;
    this.#batches.delete(key);
    await batch.continuation.close().catch(() => {});
  }
}
