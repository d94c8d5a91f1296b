/**
 * A byte-level BPE tokenizer trained on given texts, in the format of a Hugging Face `tokenizer.json`.
 *
 * @module
 */

/** The special tokens, in the order of their ids. */
export const specialTokens = { begin: "<|begin|>", end: "<|end|>", pad: "<|pad|>" } as const;

/** The ids of the special tokens. */
export const specialTokenIds = { begin: 0, end: 1, pad: 2 } as const;

/** The content of a `tokenizer.json`: a byte-level BPE model that splits digits and prepends `<|begin|>`. */
export type TokenizerJson = ReturnType<typeof describeTokenizer>;

/** The content of a `tokenizer_config.json`. */
export type TokenizerConfig = ReturnType<typeof tokenizerConfig>;

/**
 * Trains byte-pair encoding: starting from the 256 bytes, the most frequent pair of neighbours becomes a token,
 * repeatedly. Of equally frequent pairs, the first in code unit order is taken, left token before right.
 *
 * @param texts The texts to learn from.
 * @param vocabularySize The total number of tokens: 3 special ones, 256 bytes, and the merges.
 * @returns The content of `tokenizer.json`.
 */
export function trainTokenizer(texts: Iterable<string>, vocabularySize: number): TokenizerJson {
  const words = countWords(texts);
  const tokens = [...Object.values(specialTokens), ...byteCharacters];
  const merges: string[] = [];
  while (tokens.length < vocabularySize) {
    const pair = mostFrequentPair(words);
    if (pair === undefined) {
      throw new Error(`Expected texts with enough words for ${vocabularySize} tokens but found ${tokens.length}`);
    }
    tokens.push(pair.join(""));
    merges.push(pair.join(" "));
    for (const word of words) word.symbols = merge(word.symbols, pair);
  }
  return describeTokenizer(Object.fromEntries(tokens.map((token, id) => [token, id])), merges);
}

/** The content of the tokenizer's `tokenizer_config.json`, for a model with `maxLength` positions. */
export function tokenizerConfig(maxLength: number) {
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    bos_token: specialTokens.begin,
    eos_token: specialTokens.end,
    pad_token: specialTokens.pad,
    model_max_length: maxLength,
    clean_up_tokenization_spaces: false,
  };
}

interface Word {
  symbols: readonly string[];
  count: number;
}

type Pair = readonly [left: string, right: string];

/** The printable character by which byte-level BPE writes each byte (GPT-2's table): space is Ġ, line feed is Ċ. */
const byteCharacters: readonly string[] = (() => {
  let unprintable = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCharCode(printable ? byte : 256 + unprintable++);
  });
})();

/** GPT-2's pattern for words, whose boundaries merges never cross. */
const wordPattern = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** The words of all texts with their counts, with digits split, each word as the characters of its bytes. */
function countWords(texts: Iterable<string>): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const piece of text.split(/(\d)/)) {
      for (const word of piece.match(wordPattern) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  const encoder = new TextEncoder();
  return [...counts].map(([word, count]) => ({
    symbols: Array.from(encoder.encode(word), (byte) => byteCharacters[byte] ?? ""),
    count,
  }));
}

function mostFrequentPair(words: readonly Word[]): Pair | undefined {
  const counts = new Map<string, number>();
  for (const { symbols, count } of words) {
    for (let right = 1; right < symbols.length; right++) {
      // No symbol contains a space, so the order of these strings is the order of the pairs.
      const pair = `${symbols[right - 1]} ${symbols[right]}`;
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  }
  const [best] = [...counts].sort(([a, countOfA], [b, countOfB]) => countOfB - countOfA || (a < b ? -1 : 1));
  if (best === undefined) return undefined;
  const [left = "", right = ""] = best[0].split(" ");
  return [left, right];
}

function merge(symbols: readonly string[], [left, right]: Pair): string[] {
  const merged: string[] = [];
  for (const symbol of symbols) {
    if (symbol === right && merged.at(-1) === left) merged[merged.length - 1] = left + right;
    else merged.push(symbol);
  }
  return merged;
}

function describeTokenizer(vocab: Record<string, number>, merges: string[]) {
  const begin = { SpecialToken: { id: specialTokens.begin, type_id: 0 } };
  const sequence = (id: string) => ({ Sequence: { id, type_id: 0 } });
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: Object.values(specialTokens).map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "Digits", individual_digits: true }, byteLevel] },
    post_processor: {
      type: "TemplateProcessing",
      single: [begin, sequence("A")],
      pair: [begin, sequence("A"), sequence("B")],
      special_tokens: {
        [specialTokens.begin]: { id: specialTokens.begin, ids: [specialTokenIds.begin], tokens: [specialTokens.begin] },
      },
    },
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges,
    },
  };
}
