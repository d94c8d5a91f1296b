/** Decoding an answer that grows by a token at a time, at a cost that does not grow with it. @module */

/** How many tokens are decoded anew before the text of the earlier ones is kept. */
const most = 64;
/** How many tokens before those that follow are decoded with them, as spaces depend on what precedes. */
const around = 16;

/** The text of the first of some tokens, which is not decoded again. */
interface KeptText {
  readonly count: number;
  readonly text: string;
  /** The text of the last of them, which are decoded again with those that follow. */
  readonly last: string;
}

/** The text of a growing list of tokens. */
export class GrowingText {
  readonly #decode: (tokens: readonly number[]) => string;
  #kept: KeptText | undefined;

  /** @param decode The text of some tokens, in which each token changes only what is near it. */
  constructor(decode: (tokens: readonly number[]) => string) {
    this.#decode = decode;
  }

  /** The text of tokens that begin with those of the call before. */
  of(written: readonly number[]): string {
    const kept = this.#kept;
    if (kept !== undefined && written.length < kept.count + most) {
      const text = this.#after(kept, written);
      if (text !== undefined) return text;
    }
    const whole = this.#decode(written), next = this.#keep(written);
    // Unless the whole text differs from what it would give.
    this.#kept = next !== undefined && this.#after(next, written) === whole ? next : undefined;
    return whole;
  }

  /** The whole text by what is kept of it; `undefined` if that does not fit. */
  #after({ count, text, last }: KeptText, written: readonly number[]): string | undefined {
    const near = this.#decode(written.slice(count - around));
    return near.startsWith(last) ? text + near.slice(last.length) : undefined;
  }

  /** The text of all but the last tokens; `undefined` if these are all, or have no text that shows where spaces go. */
  #keep(written: readonly number[]): KeptText | undefined {
    const count = written.length - around;
    if (count < around) return undefined;
    const last = this.#decode(written.slice(count - around, count));
    return last.trim() === "" ? undefined : { count, text: this.#decode(written.slice(0, count)), last };
  }
}
