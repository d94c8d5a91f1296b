/** The use of an engine by one of several callers. @module */
import { Engine } from "./engine.ts";
import type { WritingTask } from "./entry.ts";
import { mostKeyValueBytes } from "./key_value_cache.ts";

/** How a caller uses an engine. */
interface ShareOptions {
  /** How many prompts that are given at once are prefilled in the same runs; all of them if omitted. */
  readonly together?: number;
  /** Ends what is generated when it is aborted, with its reason. */
  readonly signal?: AbortSignal;
  /** Called whenever a prompt is done. */
  readonly onEnd?: () => void;
}

/** Continues prompts for one of an engine's callers. */
export class EngineShare {
  readonly #engine: Engine;
  readonly #options: ShareOptions;
  #seconds = 0;
  #open = 0;

  constructor(engine: Engine, options: ShareOptions = {}) {
    this.#engine = engine;
    this.#options = options;
  }

  /** How many seconds the engine has worked for the prompts that are done, with their share of runs with others. */
  get seconds(): number {
    return this.#seconds;
  }

  /** How many rows the prompts that are not done may take. */
  get open(): number {
    return this.#open;
  }

  /**
   * Has every writer continue its prompt.
   *
   * @throws The first error of any of them, once nothing is being generated for the others either.
   */
  async write(tasks: readonly WritingTask[]): Promise<void> {
    const { together: size = Infinity, signal } = this.#options, groups = new Map<number, object>();
    const ends = tasks.map((task, at) => {
      const together = groups.getOrInsertComputed(Math.floor(at / size), () => ({}));
      return this.#write({ ...task, signal, together });
    });
    const [failed] = (await Promise.allSettled(ends)).filter((end) => end.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  async #write(task: WritingTask): Promise<void> {
    const { rows } = task.writer;
    this.#open += rows;
    try {
      const seconds = await this.#engine.write(task);
      this.#seconds += seconds;
    } finally {
      this.#open -= rows;
      this.#options.onEnd?.();
    }
  }
}

/** An engine that decodes at most this many rows at once. */
export function engineOf(rows = Infinity, keyValueBytes = mostKeyValueBytes): Engine {
  // The prefill of one prompt reads all weights, like that of several.
  const leastFree = rows === Infinity ? 1 : Math.ceil(rows / 4);
  return new Engine({ rows, leastFree, promptTokens: Infinity, keyValueBytes, completes: ["float32", "int8"] });
}
