/**
 * The ids of words that were seen before, found by a word's characters within its text: no part of the text is copied
 * for it, which is most of what encoding costs otherwise.
 *
 * @module
 */

/** How many words are kept, and of how many characters at most. */
const [mostWords, mostLength] = [2 ** 15, 64];

/** Twice as many places as words, so that a search is short. */
const places = 2 * mostWords;

/** Ids by words of ASCII. All are forgotten where they grow too many. */
export class WordTable {
  readonly #encode: (word: string) => readonly number[];
  /** One more than a word's number, 0 for none. */
  readonly #places = new Int32Array(places);
  /** The words' characters one after the other, and where each begins. */
  readonly #characters = new Uint8Array(mostWords * 16);
  readonly #starts = new Int32Array(mostWords + 1);
  readonly #ids: (readonly number[])[] = [];

  /** @param encode Gives the ids of a word that is not known. */
  constructor(encode: (word: string) => readonly number[]) {
    this.#encode = encode;
  }

  /**
   * The ids of a word.
   *
   * @param hash Its characters', by {@linkcode hashed}.
   */
  idsOf(text: string, start: number, end: number, hash: number): readonly number[] {
    let place = (hash ^ (hash >>> 15)) & (places - 1);
    for (let number = this.#places[place]!; number !== 0; number = this.#places[place]!) {
      if (this.#isAt(number - 1, text, start, end)) return this.#ids[number - 1]!;
      place = (place + 1) & (places - 1);
    }
    const ids = this.#encode(text.slice(start, end));
    if (end - start <= mostLength) this.#keep(text, start, end, place, ids);
    return ids;
  }

  #isAt(word: number, text: string, start: number, end: number): boolean {
    const from = this.#starts[word]!, length = end - start;
    if (this.#starts[word + 1]! - from !== length) return false;
    for (let at = 0; at < length; at++) if (this.#characters[from + at] !== text.charCodeAt(start + at)) return false;
    return true;
  }

  #keep(text: string, start: number, end: number, place: number, ids: readonly number[]): void {
    const word = this.#ids.length, from = this.#starts[word]!;
    if (word === mostWords || from + end - start > this.#characters.length) {
      this.#places.fill(0);
      this.#ids.length = 0;
      return;
    }
    for (let at = start; at < end; at++) this.#characters[from + at - start] = text.charCodeAt(at);
    this.#starts[word + 1] = from + end - start;
    this.#ids.push(ids);
    this.#places[place] = word + 1;
  }
}

/** What the hash of no characters is. */
export const noHash = 0x811c9dc5 | 0;

/** A hash with one more character (FNV-1a). */
export function hashed(hash: number, character: number): number {
  return Math.imul(hash ^ character, 0x01000193);
}
