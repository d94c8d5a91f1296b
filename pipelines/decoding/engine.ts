/**
 * Continuing prompts of any number of callers in as few batches as their edits allow: a row leaves its batch when it is
 * done, and a waiting prompt takes its place. Edits that act on the prompt alone are in the keys and values that it leaves,
 * so rows of different edits, and of none, are decoded together by the bare base model.
 *
 * @module
 */
import type { TokenizedPrompt } from "../data/examples.ts";
import { Continuation, type Generator, type Logits, type Step } from "./continuation.ts";
import type { Writer } from "./writer.ts";
import { keyValueBytes } from "./key_value_cache.ts";

/** What an engine is asked to write. */
interface WritingTask {
  readonly generator: Generator;
  readonly prompt: TokenizedPrompt;
  /** Begins with one row, the prompt's, and goes on with as many as its steps are. */
  readonly writer: Writer;
  /** Ends the writing when it is aborted, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What an engine does at once. */
interface EngineLimits {
  /** The most rows of all batches. */
  readonly rows: number;
  /** How many rows have to be free for prompts to be read beside rows that are written: few, and they begin sooner. */
  readonly leastFree: number;
  /** The most tokens of the prompts that are read at once, padding included, unless one has more. */
  readonly promptTokens: number;
  /** The most bytes of the keys and values of all that is read and may be written, unless one prompt takes more. */
  readonly keyValueBytes: number;
}

/** What an engine has to do. */
interface EngineLoad {
  readonly waiting: number;
  readonly rows: number;
}

interface Entry extends WritingTask {
  resolve(): void;
  reject(reason: unknown): void;
  /** The first of its batch's rows that is its own. */
  first: number;
  /** What its rows go on with, as the writer counts them. */
  steps: readonly Step[];
}

/** Rows that one program decodes together. */
interface Batch {
  readonly continuation: Continuation;
  /** In the order of their rows. */
  entries: readonly Entry[];
}

/** Writes for many callers at once. */
export class Engine {
  readonly #limits: EngineLimits;
  #waiting: readonly Entry[] = [];
  readonly #batches = new Map<unknown, Batch>();
  #isRunning = false;

  constructor(limits: EngineLimits) {
    this.#limits = limits;
  }

  /** What there is to do. */
  get load(): EngineLoad {
    const entries = [...this.#batches.values()].flatMap((batch) => batch.entries);
    return { waiting: this.#waiting.length, rows: entries.reduce((sum, { steps }) => sum + steps.length, 0) };
  }

  /** Lets a writer continue its prompt until it is done. */
  write(task: WritingTask): Promise<void> {
    if (task.writer.isDone) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting = [...this.#waiting, { ...task, resolve, reject, first: 0, steps: [] }];
      if (!this.#isRunning) this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // All that is asked for in one turn of the event loop is read together.
    await Promise.resolve();
    while (this.#waiting.length > 0 || this.#batches.size > 0) {
      await this.#admit();
      for (const [key, batch] of this.#batches) await this.#advance(key, batch);
    }
    this.#isRunning = false;
  }

  /** Reads prompts while there is room: one group beside rows that are being written, so that these don't wait long. */
  async #admit(): Promise<void> {
    for (let group = this.#next(); group.length > 0; group = this.#next()) {
      const isAlone = this.#batches.size === 0;
      await this.#read(group);
      if (!isAlone) return;
    }
  }

  /** Takes the waiting prompts that are read together: those of the first one's model, as far as there is room. */
  #next(): readonly Entry[] {
    for (const { reject, signal } of this.#waiting.filter(isAborted)) reject(signal?.reason);
    this.#waiting = this.#waiting.filter((entry) => !isAborted(entry));
    const [first] = this.#waiting, free = this.#limits.rows - this.load.rows;
    if (first === undefined || this.#batches.size > 0 && free < this.#limits.leastFree) return [];
    const { generator } = first, { rows, promptTokens, keyValueBytes: mostBytes } = this.#limits;
    const written = [...this.#batches.values()].flatMap(({ entries }) => entries);
    const group: Entry[] = [], lengthOf = ({ prompt }: Entry) => prompt.prompt.length;
    for (const entry of this.#waiting) {
      if (entry.generator !== generator) continue;
      const all = [...group, entry], bytes = [...written, ...all].reduce((sum, each) => sum + bytesOf(each), 0);
      const isOver = rowsOf([...written, ...all]) > rows || bytes > mostBytes ||
        Math.max(...all.map(lengthOf)) * all.length > promptTokens && group.length > 0;
      // What is too much by itself is written when nothing else is.
      if (isOver && all.length + written.length > 1) break;
      group.push(entry);
    }
    this.#waiting = this.#waiting.filter((entry) => !group.includes(entry));
    return group;
  }

  async #read(group: readonly Entry[]): Promise<void> {
    const { generator } = group[0]!, key = generator.decodesAs;
    const batch = this.#batches.get(key) ?? { continuation: new Continuation(generator), entries: [] };
    this.#batches.set(key, batch);
    try {
      const room = Math.max(...group.map(({ writer }) => writer.room)), prompts = group.map(({ prompt }) => prompt);
      const first = batch.continuation.rows, logits = await batch.continuation.read(generator, prompts, room);
      const open = [...group].filter((entry, row) => {
        entry.first = first + row;
        return advance(entry, () => logits(row));
      });
      // All that a writer goes on with begins at its only row.
      for (const entry of open) entry.steps = entry.steps.map(({ token }) => ({ from: 0, token }));
      batch.entries = [...batch.entries, ...open];
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
    if (batch.entries.length === 0) await this.#close(key, batch);
  }

  /** Writes one further token of each row of a batch. */
  async #advance(key: unknown, batch: Batch): Promise<void> {
    for (const { reject, signal } of batch.entries.filter(isAborted)) reject(signal?.reason);
    const open = batch.entries.filter((entry) => !isAborted(entry));
    const steps = open.flatMap(({ first, steps }) => steps.map(({ from, token }) => ({ from: first + from, token })));
    try {
      const logits = steps.length === 0 ? noLogits : await batch.continuation.next(steps);
      let row = 0;
      batch.entries = open.filter((entry) => {
        const first = entry.first = row;
        row += entry.steps.length;
        return advance(entry, (own) => logits(first + own));
      });
    } catch (error) {
      for (const { reject } of open) reject(error);
      batch.entries = [];
    }
    if (batch.entries.length === 0) await this.#close(key, batch);
  }

  async #close(key: unknown, { continuation }: Batch): Promise<void> {
    this.#batches.delete(key);
    // A runtime that has stopped has freed everything.
    await continuation.close().catch(() => {});
  }
}

/** The keys and values of all that an entry has read and may write. */
function bytesOf({ generator: { architecture }, prompt, writer }: Entry): number {
  return keyValueBytes(architecture, (prompt.prompt.length + writer.room) * writer.rows);
}

/** The rows that entries may take. */
function rowsOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { writer }) => sum + writer.rows, 0);
}

const noLogits: Logits = () => {
  throw new TypeError("Nothing was read");
};

const isAborted = ({ signal }: Entry) => signal?.aborted === true;

/** Lets an entry's writer choose what it goes on with; whether it does. */
function advance(entry: Entry, logits: Logits): boolean {
  try {
    entry.steps = entry.writer.advance(logits);
  } catch (error) {
    entry.reject(error);
    return false;
  }
  if (entry.writer.isDone) entry.resolve();
  return !entry.writer.isDone;
}
