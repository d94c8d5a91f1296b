/** The keys and values of what a batch has read and written. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import type { Feeds, HostTensor } from "../common/host_tensor.ts";
import { indexFeeds } from "../compile/rows/labels.ts";
import type { Architecture } from "../models/architecture/architecture.ts";
import { runFeeds } from "../models/architecture/model_inputs.ts";

/** The keys and values of a run of tokens of each prompt, padded on the right. */
export interface PromptRun {
  /** Those of a block [prompts, keyValueHeads, tokens, headWidth], or [1, …] where all prompts share them. */
  readonly tensors: (block: number, part: "key" | "value") => HostTensor;
  /** Each prompt's tokens in the run. */
  readonly lengths: readonly number[];
}

/** Every block's keys and values of a batch, each [batch, keyValueHeads, capacity, headWidth], filled from the left. */
export class KeyValueCache {
  readonly #architecture: Architecture;
  readonly #capacity: number;
  readonly #tensors: Record<string, HostTensor> = {};
  readonly #filled: number[];
  readonly #virtual: number;

  /** @param virtual How many tokens that are never read come before each row. */
  constructor(architecture: Architecture, batch: number, capacity: number, virtual: number) {
    this.#virtual = virtual;
    const { keyValueHeads, headWidth } = architecture.heads;
    this.#architecture = architecture;
    this.#capacity = capacity;
    this.#filled = new Array<number>(batch).fill(0);
    const shape = [batch, keyValueHeads, capacity, headWidth];
    for (let block = 0; block < architecture.blocks; block++) {
      for (const part of ["key", "value"]) {
        const data = new Float32Array(batch * keyValueHeads * capacity * headWidth);
        this.#tensors[`past.${block}.${part}`] = { data, shape };
      }
    }
  }

  /** Takes over the keys and values of a further run of the prompts' tokens; every prompt's for `copies` rows. */
  append(run: PromptRun, copies: number): void {
    const { keyValueHeads, headWidth } = this.#architecture.heads;
    for (const [name, past] of Object.entries(this.#tensors)) {
      const [, block, part] = name.split(".") as [string, string, "key" | "value"];
      const { data, shape } = run.tensors(Number(block), part), all = past.data as Float32Array;
      const [batch, , padded] = shape as [number, number, number, number];
      this.#filled.forEach((filled, row) => {
        const prompt = batch === 1 ? 0 : Math.floor(row / copies), length = run.lengths[Math.floor(row / copies)]!;
        for (let head = 0; head < keyValueHeads; head++) {
          const from = (prompt * keyValueHeads + head) * padded * headWidth;
          const to = ((row * keyValueHeads + head) * this.#capacity + filled) * headWidth;
          all.set((data as Float32Array).subarray(from, from + length * headWidth), to);
        }
      });
    }
    this.#filled.forEach((filled, row) => this.#filled[row] = filled + run.lengths[Math.floor(row / copies)]!);
  }

  /** Lets each row go on from what another has seen. */
  reorder(from: readonly number[]): void {
    if (from.every((source, row) => source === row)) return;
    for (const past of Object.values(this.#tensors)) {
      const before = past.data as Float32Array<ArrayBuffer>, size = before.length / from.length;
      const after = new Float32Array(before.length);
      from.forEach((source, row) => after.set(before.subarray(source * size, (source + 1) * size), row * size));
      past.data = after;
    }
    const filled = [...this.#filled];
    from.forEach((source, row) => this.#filled[row] = filled[source]!);
  }

  /**
   * What the decode program is fed for one further token a row.
   *
   * @param encoded How many tokens an encoder has read for each row, if one has.
   */
  feeds(tokens: readonly number[], encoded?: readonly number[]): Feeds {
    const seen = this.#filled.map((filled) => this.#virtual + filled);
    const rows = tokens.map((token, row) => ({ tokens: [token], start: seen[row]! }));
    const past = { width: this.#virtual + this.#capacity, filled: seen };
    const fed = runFeeds("tail", this.#architecture, { rows, length: 1, past, encoded });
    return { ...this.#tensors, ...fed, ...indexFeeds(tokens.map(() => [0]), 1) };
  }

  /** Takes over the keys and values of one further token a row. */
  step(outputs: Readonly<Record<string, HostTensor>>): void {
    const { keyValueHeads, headWidth } = this.#architecture.heads;
    for (const [name, past] of Object.entries(this.#tensors)) {
      const own = ownValue(outputs, name.replace("past", "own"))!.data as Float32Array;
      const all = past.data as Float32Array;
      this.#filled.forEach((filled, row) => {
        if (filled >= this.#capacity) return;
        for (let head = 0; head < keyValueHeads; head++) {
          const from = (row * keyValueHeads + head) * headWidth;
          const to = ((row * keyValueHeads + head) * this.#capacity + filled) * headWidth;
          all.set(own.subarray(from, from + headWidth), to);
        }
      });
    }
    this.#filled.forEach((filled, row) => this.#filled[row] = Math.min(this.#capacity, filled + 1));
  }
}
