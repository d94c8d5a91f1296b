/** Decoding an answer that grows by a token at a time, at a cost that does not grow with it. @module */

/** How many tokens are decoded anew before the text of the earlier ones is kept. */
const most = 64;
/** How many tokens before those that follow are decoded with them, as spaces depend on what precedes. */
const around = 16;

/** The text of a growing list of tokens. */
export class GrowingText {
  readonly #decode: (tokens: readonly number[]) => string;
  /** How many tokens have a text that is kept, and that text. */
  #kept = 0;
  #text = "";
  /** The text of the last of them, which are decoded again with those that follow. */
  #last = "";

  /** @param decode The text of some tokens, in which each token changes only what is near it. */
  constructor(decode: (tokens: readonly number[]) => string) {
    this.#decode = decode;
  }

  /** The text of tokens that begin with those of the call before. */
  of(written: readonly number[]): string {
    const text = this.#grown(written);
    if (text !== undefined && written.length < this.#kept + most) return text;
    const whole = this.#decode(written);
    this.#keep(written, whole);
    return whole;
  }

  /** The text by what is kept; `undefined` if nothing is, or if it does not fit. */
  #grown(written: readonly number[]): string | undefined {
    if (this.#kept === 0) return undefined;
    const near = this.#decode(written.slice(this.#kept - around));
    return near.startsWith(this.#last) ? this.#text + near.slice(this.#last.length) : undefined;
  }

  /** Keeps the text of all but the last tokens, unless the whole text differs from what they would give. */
  #keep(written: readonly number[], whole: string): void {
    this.#kept = Math.max(0, written.length - around);
    if (this.#kept < around) {
      this.#kept = 0;
      return;
    }
    this.#text = this.#decode(written.slice(0, this.#kept));
    this.#last = this.#decode(written.slice(this.#kept - around, this.#kept));
    // Without any text of their own, they would not show where spaces go.
    if (this.#last.trim() === "" || this.#grown(written) !== whole) this.#kept = 0;
  }
}
