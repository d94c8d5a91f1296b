/** Encoding texts word by word, with words found without regular expressions. @module */
import type { Part } from "./splitting.ts";
import { isHalf } from "./unit_kinds.ts";
import type { WordFinder } from "./word_finders.ts";
import { WordTable } from "./word_table.ts";

/**
 * A word that ends at least this far before the last non-space character does not change, whatever text follows: a
 * contraction of three characters may begin at its end.
 */
const lookahead = 4;

/** A shorter text is encoded again instead of being continued. */
const leastKept = 32;

/**
 * Encodes texts, and continues from the previous text if the new one begins with it, like a prompt with its completion.
 */
export class KnownWords {
  readonly #finder: WordFinder;
  readonly #words: WordTable;
  /** The previous text and whether it was the first part. */
  #text = "";
  #isFirst = false;
  /** Its units, the ends of its words, and the number of ids up to each end; as many of each as fit. */
  #units = new Uint16Array(2 ** 12);
  #ends = new Int32Array(2 ** 12);
  #counts = new Int32Array(2 ** 12);
  /** The numbers of units and words. */
  #length = 0;
  #wordCount = 0;
  /** Begins with its ids; it only grows, since growing takes time. */
  readonly #ids: number[] = [];

  constructor(finder: WordFinder) {
    this.#finder = finder;
    this.#words = new WordTable(finder.encode);
  }

  /** The ids of a part of a text; `undefined` if it contains a character that is not supported here. */
  encode({ text, isFirst }: Part): number[] | undefined {
    const before = this.#text;
    const goesOn = before.length >= leastKept && isFirst === this.#isFirst && text.startsWith(before);
    let word = goesOn ? this.#settledWords() : 0;
    // Invalid until all of this text is encoded.
    this.#text = "";
    if (!this.#read(text, isFirst, goesOn ? before.length : 0)) return undefined;
    const units = this.#units, length = this.#length, ends = this.#ends, counts = this.#counts, found = this.#ids;
    const words = this.#words, { endOf } = this.#finder;
    let start = word === 0 ? 0 : ends[word - 1]!, count = word === 0 ? 0 : counts[word - 1]!;
    while (start < length) {
      const end = endOf(units, start, length), ids = words.idsOf(units, start, end);
      for (let at = 0; at < ids.length; at++) found[count++] = ids[at]!;
      ends[word] = start = end;
      counts[word++] = count;
    }
    [this.#text, this.#isFirst, this.#wordCount] = [text, isFirst, word];
    return found.slice(0, count);
  }

  /** The number of words of the previous text that do not change, whatever follows it. */
  #settledWords(): number {
    const last = this.#length - (this.#text.length - this.#text.trimEnd().length) - lookahead;
    let words = this.#wordCount;
    while (words > 0 && this.#ends[words - 1]! > last) words--;
    return words;
  }

  /** Reads a text's units, of which the first are already known. */
  #read(text: string, isFirst: boolean, known: number): boolean {
    const { blank, prefix } = this.#finder;
    if (this.#units.length <= text.length) this.#grow(2 * text.length);
    const units = this.#units;
    let length = this.#length;
    if (known === 0) {
      length = 0;
      const isPrefixed = prefix !== undefined && (prefix.of === "each" || isFirst);
      const first = text.charCodeAt(0) === 0x20 ? blank : text.charCodeAt(0);
      if (isPrefixed && first !== prefix.unit) units[length++] = prefix.unit;
    }
    for (let at = known; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (isHalf(unit)) return false;
      if (unit !== 0x20) units[length++] = unit;
      else if (blank === undefined) return false;
      else units[length++] = blank;
    }
    this.#length = length;
    return true;
  }

  #grow(size: number): void {
    const [units, ends, counts] = [new Uint16Array(size), new Int32Array(size), new Int32Array(size)];
    units.set(this.#units);
    ends.set(this.#ends);
    counts.set(this.#counts);
    [this.#units, this.#ends, this.#counts] = [units, ends, counts];
  }
}
