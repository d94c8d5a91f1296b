/** Showing a text while it is generated. @module */

/** Shows a text as it grows, except for parts that may still change and characters whose bytes are incomplete. */
export class TextStream {
  readonly #put: (text: string) => void;
  readonly #settled: (text: string) => number;
  #text = "";
  #shown = 0;

  /**
   * @param put Receives each new part.
   * @param settled How many characters of a text no longer change when it grows; all of them if omitted.
   */
  constructor(put: (text: string) => void, settled: (text: string) => number = ({ length }) => length) {
    this.#put = put;
    this.#settled = settled;
  }

  /** Shows the new part of the text so far. */
  show(text: string): void {
    this.#text = text;
    this.#putTo(this.#settled(text.endsWith("\ufffd") ? text.replace(/\ufffd+$/, "") : text));
  }

  /** Shows what was held back. */
  end(): void {
    this.#putTo(this.#text.length);
  }

  #putTo(end: number): void {
    if (end <= this.#shown) return;
    this.#put(this.#text.slice(this.#shown, end));
    this.#shown = end;
  }
}
