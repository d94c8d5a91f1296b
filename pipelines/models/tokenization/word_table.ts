/**
 * The ids of words that were seen before, found by a word's UTF-16 units within its text: no part of the text is copied
 * for it, which is most of what encoding costs otherwise.
 *
 * @module
 */

/** How many words are kept, and of how many units at most. */
const [mostWords, mostLength] = [2 ** 15, 64];

/** Twice as many places as words, so that a search is short. */
const places = 2 * mostWords;

/** Ids by words. All are forgotten where they grow too many. */
export class WordTable {
  readonly #encode: (word: string) => readonly number[];
  /** One more than a word's number, 0 for none. */
  readonly #places = new Int32Array(places);
  /** The words' units one after the other, and where each begins. */
  readonly #units = new Uint16Array(mostWords * 16);
  readonly #starts = new Int32Array(mostWords + 1);
  readonly #ids: (readonly number[])[] = [];

  /** @param encode Gives the ids of a word that is not known. */
  constructor(encode: (word: string) => readonly number[]) {
    this.#encode = encode;
  }

  /** The ids of the word from one place to another. */
  idsOf(units: Uint16Array, start: number, end: number): readonly number[] {
    // FNV-1a.
    let hash = 0x811c9dc5;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ units[at]!, 0x01000193);
    let place = (hash ^ (hash >>> 15)) & (places - 1);
    for (let number = this.#places[place]!; number !== 0; number = this.#places[place]!) {
      if (this.#isAt(number - 1, units, start, end)) return this.#ids[number - 1]!;
      place = (place + 1) & (places - 1);
    }
    const word = units.subarray(start, end), ids = this.#encode(textOf(word));
    if (word.length <= mostLength) this.#keep(word, place, ids);
    return ids;
  }

  #isAt(word: number, units: Uint16Array, start: number, end: number): boolean {
    const from = this.#starts[word]!, length = end - start;
    if (this.#starts[word + 1]! - from !== length) return false;
    for (let at = 0; at < length; at++) if (this.#units[from + at] !== units[start + at]) return false;
    return true;
  }

  #keep(word: Uint16Array, place: number, ids: readonly number[]): void {
    const number = this.#ids.length, from = this.#starts[number]!;
    if (number === mostWords || from + word.length > this.#units.length) {
      this.#places.fill(0);
      this.#ids.length = 0;
      return;
    }
    this.#units.set(word, from);
    this.#starts[number + 1] = from + word.length;
    this.#ids.push(ids);
    this.#places[place] = number + 1;
  }
}

/** Some units as a text. */
function textOf(units: Uint16Array): string {
  let text = "";
  // As many as a call takes.
  for (let at = 0; at < units.length; at += 4096) text += String.fromCharCode(...units.subarray(at, at + 4096));
  return text;
}
