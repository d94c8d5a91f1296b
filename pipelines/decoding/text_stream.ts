/** Showing a text while it is written. @module */

/** Shows a growing text as it grows, but for what may still change and characters of which bytes are still to come. */
export class TextStream {
  readonly #put: (text: string) => void;
  readonly #settled: (text: string) => number;
  #text = "";
  #shown = 0;

  /**
   * @param put Gets each new part.
   * @param settled How much of a text stays as it is when it grows, in characters; all of it if omitted.
   */
  constructor(put: (text: string) => void, settled: (text: string) => number = ({ length }) => length) {
    this.#put = put;
    this.#settled = settled;
  }

  /** Takes the text so far. */
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
