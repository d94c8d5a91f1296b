/**
 * How byte-level tokenizers split a text into words before merging bytes, by the names in `tokenizer.ggml.pre`: the
 * pre-tokenizers of the models' own tokenizer.json.
 *
 * @module
 */
import type { JsonObject } from "../../common/files.ts";

/** The meaning of a name in `tokenizer.ggml.pre`. */
interface PreTokenizer {
  /** The steps of the `pre_tokenizer` in tokenizer.json. */
  readonly steps: readonly JsonObject[];
  /** Whether texts are first normalized to Unicode's composed form. */
  readonly isComposed?: true;
  /** Whether a word in the vocabulary is always one token, whatever the merges. */
  readonly ignoresMerges?: true;
  /** Whether prompts begin with the beginning-of-sequence token if the file does not say. */
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
/** The tokenizers library's Digits: since its digits are all Unicode numbers, they are written as such here. */
const digit = split(String.raw`\p{N}`), digits = split(String.raw`\p{N}+`);

/** Splitting into words by one pattern, then into bytes. */
const by = (...alternatives: readonly string[]): PreTokenizer => ({
  steps: [split(alternatives.join("|")), byteLevel(false)],
});

const contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const word = String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`;
const punctuation = String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*`;
const spaces = [String.raw`\s*[\r\n]+`, String.raw`\s+(?!\S)`, String.raw`\s+`] as const;
const numbersOf = (most: number) => most === 1 ? String.raw`\p{N}` : String.raw`\p{N}{1,${most}}`;

/** Words of one case, as in tiktoken's o200k_base. */
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

/** The pre-tokenizers by name. */
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

/** The pre-tokenizers of an architecture's files from before they recorded its name. */
export const usualPreTokenizers: Readonly<Record<string, string>> = {
  "qwen2": "qwen2",
  "gpt2": "gpt-2",
  "gptneox": "olmo",
  "phi2": "phi-2",
  "starcoder2": "starcoder",
  "falcon": "falcon",
  "command-r": "command-r",
};
