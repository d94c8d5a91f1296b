/** An evaluation's predictions as far as a report needs them. @module */
import { ownValue } from "../../ops/program/own_value.ts";

/** The maximum number of rows shown for an evaluation. */
const mostRows = 1000;

/** A row's answer. */
export interface ReportPrediction {
  readonly prompt: string;
  /** The second text of a pair. */
  readonly pair?: string;
  readonly completion: string;
  /** The text of the completion's tokens, if it differs. */
  readonly taught?: string;
  readonly prediction?: string | number;
  /** The row's contribution to each metric. */
  readonly measured?: Readonly<Record<string, number>>;
}

/** Predictions of any number of rows: the first ones are kept in full, and of the others only what they measure. */
export class ReportPredictions {
  readonly #shown: ReportPrediction[] = [];
  readonly #values = new Map<string, number[]>();
  #length = 0;
  // FNV-1a over the texts.
  #hash = 0x811c9dc5;
  readonly #once: (text: string) => string;

  /** @param once Returns the first of equal texts, so that several evaluations keep a text once. */
  constructor(once: (text: string) => string = (text) => text) {
    this.#once = once;
  }

  add(row: ReportPrediction): void {
    const { prompt, pair = "", completion, measured = {} } = row;
    for (const text of [prompt, pair, completion]) {
      for (let at = 0; at < text.length; at++) this.#mix(text.charCodeAt(at));
      this.#mix(0x1f);
    }
    for (const metric of Object.keys(measured)) {
      this.#values.getOrInsertComputed(metric, () => []).push(ownValue(measured, metric)!);
    }
    if (this.#length++ < mostRows) this.#shown.push(this.#kept(row));
  }

  /** The number of rows. */
  get length(): number {
    return this.#length;
  }

  /** The first rows, which are shown. */
  get shown(): readonly ReportPrediction[] {
    return this.#shown;
  }

  /** Equal for the same rows in the same order. */
  get key(): string {
    return `${this.#length} ${this.#hash >>> 0}`;
  }

  /** Each row's contribution to a metric, if all rows have one. */
  values(metric: string): readonly number[] | undefined {
    const found = this.#values.get(metric);
    return found?.length === this.#length ? found : undefined;
  }

  #kept({ prompt, pair, completion, taught, prediction, measured }: ReportPrediction): ReportPrediction {
    return {
      prompt: this.#once(prompt),
      completion: this.#once(completion),
      ...pair === undefined ? {} : { pair: this.#once(pair) },
      ...taught === undefined ? {} : { taught: this.#once(taught) },
      ...prediction === undefined ? {} : { prediction },
      ...measured === undefined ? {} : { measured },
    };
  }

  #mix(code: number): void {
    this.#hash = Math.imul(this.#hash ^ code, 0x01000193);
  }
}
