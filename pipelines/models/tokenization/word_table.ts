/**
 * A cache of words' ids, looked up by a word's UTF-16 units within its text, so that no part of the text is copied,
 * which would otherwise be most of the cost of encoding.
 *
 * @module
 */

/** The maximum number of cached words, and of units in a word. */
const [mostWords, mostLength] = [2 ** 15, 64];

/** Twice as many slots as words, so that searches are short. */
const places = 2 * mostWords;

/** Words' ids. The table is cleared when it is full. */
export class WordTable {
  readonly #encode: (word: string) => readonly number[];
  /** The index of the word in each slot plus one; 0 for an empty slot. */
  readonly #places = new Int32Array(places);
  /** The concatenated units of the words, and where each word begins. */
  readonly #units = new Uint16Array(mostWords * 16);
  readonly #starts = new Int32Array(mostWords + 1);
  readonly #ids: (readonly number[])[] = [];

  /** @param encode Encodes a word that is not in the table. */
  constructor(encode: (word: string) => readonly number[]) {
    this.#encode = encode;
  }

  /** The ids of the word from `start` to `end`. */
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
  // In chunks, since a call's number of arguments is limited.
  for (let at = 0; at < units.length; at += 4096) text += String.fromCharCode(...units.subarray(at, at + 4096));
  return text;
}
