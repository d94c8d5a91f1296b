/**
 * How byte-level tokenizers cut a text into words before they merge bytes, by the names that `tokenizer.ggml.pre` has
 * for them: the pre-tokenizers of the models' own tokenizer.json.
 *
 * @module
 */
import type { JsonObject } from "../../common/files.ts";

/** What a name of `tokenizer.ggml.pre` means. */
interface PreTokenizer {
  /** The steps of the `pre_tokenizer` of tokenizer.json. */
  readonly steps: readonly JsonObject[];
  /** Whether texts are brought to Unicode's composed form first. */
  readonly isComposed?: true;
  /** Whether a word that is in the vocabulary is one token, whatever merges would make of it. */
  readonly ignoresMerges?: true;
  /** Whether prompts begin with the beginning-of-sequence token where the file does not say. */
  readonly addsBos?: true;
}

const byteLevel = (use_regex: boolean): JsonObject => ({
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex,
});
const split = (Regex: string): JsonObject => ({
  type: "Split",
  pattern: { Regex },
  behavior: "Isolated",
  invert: false,
});
/** What the tokenizers library calls Digits: its digits are all numbers of Unicode, so they are written here as such. */
const digit = split(String.raw`\p{N}`), digits = split(String.raw`\p{N}+`);

/** Words by one pattern, then bytes. */
const by = (...alternatives: readonly string[]): PreTokenizer => ({
  steps: [split(alternatives.join("|")), byteLevel(false)],
});

const contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const word = String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`;
const punctuation = String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*`;
const spaces = [String.raw`\s*[\r\n]+`, String.raw`\s+(?!\S)`, String.raw`\s+`] as const;
const numbersOf = (most: number) => most === 1 ? String.raw`\p{N}` : String.raw`\p{N}{1,${most}}`;

/** Words of one case, as tiktoken's o200k_base has them. */
const cased = (ending: string): readonly string[] => {
  const upper = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`, lower = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;
  const before = String.raw`[^\r\n\p{L}\p{N}]?`;
  return [`${before}${upper}*${lower}+${ending}`, `${before}${upper}+${lower}*${ending}`];
};
const punctuationOrSlash = String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`;

const gpt2: PreTokenizer = { steps: [byteLevel(true)] };
const composedGpt2: PreTokenizer = { ...gpt2, isComposed: true };
const singleDigits: PreTokenizer = { steps: [digit, byteLevel(true)] };
const cl100k = by(contraction, word, numbersOf(3), punctuation, ...spaces);
const llama3: PreTokenizer = { ...cl100k, ignoresMerges: true, addsBos: true };
const qwen2 = by(contraction, word, numbersOf(1), punctuation, ...spaces);
const composedQwen2: PreTokenizer = { ...qwen2, isComposed: true };
const bloom = split(" ?[^(\\s|[.,!?…。，、।۔،])]+");

/** By name. */
export const preTokenizers: Readonly<Record<string, PreTokenizer>> = {
  "default": gpt2,
  "gpt-2": gpt2,
  "phi-2": gpt2,
  "jais": gpt2,
  "mpt": composedGpt2,
  "olmo": composedGpt2,
  "starcoder": singleDigits,
  "refact": singleDigits,
  "smollm": singleDigits,
  "codeshell": singleDigits,
  "exaone": singleDigits,
  "minerva-7b": singleDigits,
  "command-r": { ...singleDigits, isComposed: true },
  "llama-bpe": llama3,
  "llama3": llama3,
  "llama-v3": llama3,
  "falcon3": llama3,
  "dbrx": cl100k,
  "smaug-bpe": cl100k,
  "glm4": cl100k,
  "chatglm-bpe": cl100k,
  "qwen2": composedQwen2,
  "deepseek-r1-qwen": composedQwen2,
  "stablelm2": qwen2,
  "tekken": {
    ...by(...cased(""), numbersOf(1), punctuationOrSlash, ...spaces),
    ignoresMerges: true,
    addsBos: true,
  },
  "gpt-4o": by(...cased(`${contraction}?`), numbersOf(3), punctuationOrSlash, ...spaces),
  "deepseek-coder": {
    steps: [
      split(String.raw`[\r\n]`),
      split(String.raw`\s?\p{L}+`),
      split(String.raw`\s?\p{P}+`),
      split("[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"),
      digit,
      byteLevel(false),
    ],
  },
  "deepseek-v3": {
    steps: [
      split(numbersOf(3)),
      split("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"),
      split([
        String.raw`[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_\`{|}~][A-Za-z]+`.replace("\\`", "`"),
        String.raw`[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+`,
        String.raw` ?[\p{P}\p{S}]+[\r\n]*`,
        ...spaces,
      ].join("|")),
      byteLevel(false),
    ],
  },
  "falcon": {
    steps: [
      { type: "Punctuation", behavior: "Contiguous" },
      byteLevel(true),
      digits,
      split("[0-9][0-9][0-9]"),
    ],
  },
  "bloom": { steps: [bloom, byteLevel(false)] },
  "gpt3-finnish": { steps: [bloom, byteLevel(false)] },
  "poro-chat": { steps: [bloom, byteLevel(false)] },
  "viking": { steps: [bloom, digit, byteLevel(false)] },
};

/** What files of an architecture mean that were made before the name was kept with them. */
export const usualPreTokenizers: Readonly<Record<string, string>> = {
  "qwen2": "qwen2",
  "gpt2": "gpt-2",
  "gptneox": "olmo",
  "phi2": "phi-2",
  "starcoder2": "starcoder",
  "falcon": "falcon",
  "command-r": "command-r",
};
