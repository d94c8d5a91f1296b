/** Fast replacements for common pre-tokenizers, including what they do to a text beforehand. @module */
import { isJsonObject, type JsonObject } from "../../common/files.ts";
import { mark } from "./byte_pair.ts";
import { prependScheme } from "./pre_tokenizers.ts";
import {
  bertWords,
  cl100kWords,
  type DigitWords,
  type EndOfWord,
  gpt2Words,
  markedWords,
  spacedWords,
} from "./word_ends.ts";
import type { SubwordModel } from "./vocabulary.ts";

/** How the words of a text are found. */
export interface WordFinder {
  readonly endOf: EndOfWord;
  /** The replacement for a space; `undefined` if texts with spaces are not supported. */
  readonly blank: number | undefined;
  /** The unit that is prepended to a part that does not begin with it: to each part, only to the first, or to none. */
  readonly prefix?: { readonly unit: number; readonly of: "each" | "first" };
  /** The ids of a word. */
  encode(word: string): readonly number[];
}

/** The functions of a tokenizer that encode a word or a text. */
interface WordModel {
  readonly model: SubwordModel;
  /** The ids of a word after pre-tokenization. */
  encodeWord(word: string): readonly number[];
  /** The ids of a text, using the pre-tokenizer itself. */
  encodeText(text: string): readonly number[];
}

const blank = 0x20;

const markUnit = mark.charCodeAt(0);

/**
 * How words are found if a pre-tokenizer is one of the common ones; otherwise `undefined`.
 *
 * @param declared The field `pre_tokenizer`, which is supported.
 */
export function wordFinderOf(declared: unknown, parts: WordModel): WordFinder | undefined {
  const { model: { joining }, encodeWord: encode } = parts;
  const steps = stepsOf(declared), [first, second] = steps ?? [];
  if (steps === undefined || steps.length > 2) return undefined;
  if (first === undefined) return joining && { endOf: markedWords(markUnit, joining), blank, encode };
  if (second !== undefined) return ofTwo(first, second, parts);
  switch (first["type"]) {
    case "ByteLevel":
      return isGpt2(first) ? { endOf: gpt2Words("with blanks"), blank, encode } : undefined;
    case "BertPreTokenizer":
      return { endOf: bertWords(), blank, encode: withoutSpace(encode) };
    case "WhitespaceSplit":
      return { endOf: spacedWords(), blank, encode: withoutSpace(encode) };
    case "Metaspace":
      return marked(first, parts);
    case "Split": {
      // Gemma's, which never splits: its normalizer leaves no spaces.
      const { pattern } = first, isOfBlanks = isJsonObject(pattern) && pattern["String"] === " ";
      return joining && isOfBlanks ? { endOf: markedWords(markUnit, joining), blank: undefined, encode } : undefined;
    }
    default:
      return undefined;
  }
}

function ofTwo(
  first: JsonObject,
  second: JsonObject,
  { encodeWord: encode, encodeText }: WordModel,
): WordFinder | undefined {
  const digits = isGpt2(second) ? digitWordsOf(first) : undefined;
  if (digits !== undefined) return { endOf: gpt2Words(digits), blank, encode };
  if (first["type"] === "WhitespaceSplit" && second["type"] === "Metaspace" && prependScheme(second) !== "first") {
    return { endOf: spacedWords(), blank, encode: encodeText };
  }
  const isBytes = second["type"] === "ByteLevel" && second["add_prefix_space"] === false &&
    second["use_regex"] === false;
  const mostDigits = isBytes ? cl100kPatterns.get(isolatedPattern(first) ?? "") : undefined;
  return mostDigits === undefined ? undefined : { endOf: cl100kWords(mostDigits), blank, encode };
}

/** The spellings of cl100k's pattern in model folders, and the maximum number of digits in a word for each. */
const cl100kPatterns: ReadonlyMap<string, number> = new Map(
  ([["{1,3}", 3], ["", 1]] as const).map(([count, most]) => [
    String
      .raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}${count}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+` +
    String.raw`|\s+(?!\S)|\s+`,
    most,
  ]),
);

/** How a step splits off digits, if it does nothing else. */
function digitWordsOf(step: JsonObject): DigitWords | undefined {
  if (step["type"] === "Digits") return step["individual_digits"] === true ? "each" : "runs";
  const pattern = isolatedPattern(step);
  return pattern === String.raw`\p{N}` ? "each" : pattern === String.raw`\p{N}+` ? "runs" : undefined;
}

/** The regular expression whose matches become words in a step. */
function isolatedPattern({ type, pattern, behavior, invert = false }: JsonObject): string | undefined {
  const isIsolated = type === "Split" && behavior === "Isolated" && invert === false;
  const regex = isIsolated && isJsonObject(pattern) ? pattern["Regex"] : undefined;
  return typeof regex === "string" ? regex : undefined;
}

/** Metaspace: marks instead of spaces, and possibly one prepended. */
function marked(declared: JsonObject, { model: { joining }, encodeWord: encode }: WordModel): WordFinder | undefined {
  const isSplit = declared["split"] !== false, scheme = prependScheme(declared);
  if ((declared["replacement"] ?? mark) !== mark || (!isSplit && joining === undefined)) return undefined;
  return {
    endOf: markedWords(markUnit, isSplit ? undefined : joining),
    blank: markUnit,
    ...scheme === "never" ? {} : { prefix: { unit: markUnit, of: scheme === "first" ? "first" : "each" } },
    encode,
  };
}

/** The steps of a pre-tokenizer, in order; `undefined` if they are not a plain list. */
function stepsOf(declared: unknown): readonly JsonObject[] | undefined {
  if (!isJsonObject(declared)) return [];
  if (declared["type"] !== "Sequence") return [declared];
  const { pretokenizers } = declared;
  return Array.isArray(pretokenizers) && pretokenizers.every(isJsonObject) ? pretokenizers : undefined;
}

function isGpt2({ type, add_prefix_space: adds = true, use_regex: splits = true }: JsonObject): boolean {
  return type === "ByteLevel" && adds === false && splits === true;
}

/** Drops white space between words. */
function withoutSpace(encode: WordFinder["encode"]): WordFinder["encode"] {
  return (word) => /^\p{White_Space}/u.test(word) ? [] : encode(word);
}
