/**
 * GPT-2's pre-tokenizer over plain ASCII, character by character: the words are those of its regular expression, found
 * several times faster. Text with any other character is left to the expression.
 *
 * @module
 */
import { isJsonObject, type JsonObject } from "../../common/files.ts";
import { hashed, noHash, WordTable } from "./word_table.ts";

/** Kinds of characters; those that are not ASCII have none. */
const [other, letter, digit, space] = [0, 1, 2, 3];

const kinds = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/\p{L}/u.test(character)) return letter;
  if (/\p{N}/u.test(character)) return digit;
  return /\p{White_Space}/u.test(character) ? space : other;
});

const [blank, quote] = [0x20, 0x27];

/** How digits are split: as GPT-2 does, or before it, each of them or as many as follow each other. */
type DigitWords = "with blanks" | "each" | "runs";

/** The pre-tokenizers that are known: GPT-2's, alone or after one that sets digits apart. Nothing for all others. */
function digitWordsOf(declared: unknown): DigitWords | undefined {
  if (!isJsonObject(declared)) return undefined;
  if (isPlainByteLevel(declared)) return "with blanks";
  const { type, pretokenizers } = declared;
  if (type !== "Sequence" || !Array.isArray(pretokenizers) || pretokenizers.length !== 2) return undefined;
  const [first, second]: readonly unknown[] = pretokenizers;
  if (!isJsonObject(first) || first["type"] !== "Digits" || !isJsonObject(second) || !isPlainByteLevel(second)) {
    return undefined;
  }
  return first["individual_digits"] === true ? "each" : "runs";
}

function isPlainByteLevel({ type, add_prefix_space: adds = true, use_regex: splits = true }: JsonObject): boolean {
  return type === "ByteLevel" && adds === false && splits === true;
}

/** A word that ends further than this before the end of a text stays one, whatever text follows. */
const lookahead = 4;

/** A text that is shorter is encoded again rather than gone on from. */
const leastKept = 32;

/** Encodes texts of ASCII. */
class AsciiEncoder {
  readonly #words: WordTable;
  readonly #digits: DigitWords;
  /** The text before, where its words end, how many ids it has up to there, and these: a prompt is followed by the text that continues from it. */
  #text = "";
  readonly #ends: number[] = [];
  readonly #counts: number[] = [];
  #ids: readonly number[] = [];

  constructor(digits: DigitWords, encode: (word: string) => readonly number[]) {
    this.#digits = digits;
    this.#words = new WordTable(encode);
  }

  /** The ids of a text; nothing if it has a character that is not ASCII. */
  encode(text: string): readonly number[] | undefined {
    const found: number[] = [], ends = this.#ends, counts = this.#counts, before = this.#text;
    let words = 0, start = 0;
    if (before.length >= leastKept && text.startsWith(before)) {
      words = ends.length;
      while (words > 0 && ends[words - 1]! > before.length - lookahead) words--;
      start = words === 0 ? 0 : ends[words - 1]!;
      const kept = words === 0 ? 0 : counts[words - 1]!;
      for (let at = 0; at < kept; at++) found.push(this.#ids[at]!);
    }
    ends.length = counts.length = words;
    // Until all of this text is encoded.
    this.#text = "";
    while (start < text.length) {
      const end = this.#addWord(text, start, found);
      if (end === undefined) return undefined;
      ends.push(start = end);
      counts.push(found.length);
    }
    [this.#text, this.#ids] = [text, found];
    return found;
  }

  /** Adds the ids of the word that begins at a place, and gives its end. */
  #addWord(text: string, start: number, found: number[]): number | undefined {
    const code = text.charCodeAt(start), kind = kinds[code];
    if (kind === undefined) return undefined;
    const isApart = this.#digits !== "with blanks";
    let end = start + 1, hash = hashed(noHash, code), run: number | undefined = kind;
    if (code === quote && contractionEnd(text, start) > start) {
      const last = contractionEnd(text, start);
      for (; end < last; end++) hash = hashed(hash, text.charCodeAt(end));
      run = undefined;
    } else if (kind === digit && this.#digits === "each") {
      run = undefined;
    } else if (kind === space) {
      const next = kinds[text.charCodeAt(end)];
      if (code === blank && next !== undefined && next !== space && !(next === digit && isApart)) run = next;
    }
    if (run !== undefined) {
      const first = end;
      for (let next = text.charCodeAt(end); kinds[next] === run; next = text.charCodeAt(++end)) {
        hash = hashed(hash, next);
      }
      // The last of several spaces is left for the word after it.
      if (run === space && end > first && end < text.length && !(isApart && kinds[text.charCodeAt(end)] === digit)) {
        end--;
        hash = hashOf(text, start, end);
      }
    }
    const ids = this.#words.idsOf(text, start, end, hash);
    for (let at = 0; at < ids.length; at++) found.push(ids[at]!);
    return end;
  }
}

/** The encoder of texts of ASCII, of a tokenizer whose pre-tokenizer allows one. */
export function asciiEncoderOf(
  preTokenizer: unknown,
  encode: (word: string) => readonly number[],
): AsciiEncoder | undefined {
  const digits = digitWordsOf(preTokenizer);
  return digits === undefined ? undefined : new AsciiEncoder(digits, encode);
}

function hashOf(text: string, start: number, end: number): number {
  let hash = noHash;
  for (let at = start; at < end; at++) hash = hashed(hash, text.charCodeAt(at));
  return hash;
}

const contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

function contractionEnd(text: string, start: number): number {
  const found = contractions.find((contraction) => text.startsWith(contraction, start));
  return start + (found?.length ?? 0);
}
