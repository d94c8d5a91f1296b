/**
 * SentencePiece tokenizers: BPE whose merges follow from the pieces' scores (`tokenizer.ggml.model` is `llama`), and
 * unigram (`t5`).
 *
 * @module
 */
import type { JsonObject } from "../../common/files.ts";
import type { Metadata } from "./metadata.ts";
import type { TokenizerParts } from "./tokenizer_parts.ts";
import { addedTokens, idsByToken, tokenKinds, type Vocabulary } from "./vocabulary.ts";

/** The character that stands for a space in pieces. */
const SPACE = "▁";

/**
 * The tokenizer.json of a SentencePiece BPE tokenizer.
 *
 * @throws {RequestError} If the scores are missing.
 */
export function scoredBpe(metadata: Metadata, given: Vocabulary): TokenizerParts {
  const vocabulary = withPieceSpaces(given), { tokens, kinds, special } = vocabulary;
  const hasBytes = kinds.includes(tokenKinds.byte);
  const hasPrefix = metadata.flag("tokenizer.ggml.add_space_prefix", true);
  const unknown = special.unk?.text ?? tokens[kinds.indexOf(tokenKinds.unknown)] ?? null;
  const marked = { type: "Replace", pattern: { String: " " }, content: SPACE };
  return {
    addsBos: true,
    addsEos: false,
    json: {
      added_tokens: addedTokens(vocabulary, stripsAfter(metadata)).map((token) => {
        // A piece of space marks is matched in the normalized text, unless a mark is prepended to texts, which would
        // then also precede the piece.
        return !hasPrefix && String(token["content"]).includes(SPACE) ? { ...token, normalized: true } : token;
      }),
      normalizer: sequence("normalizers", [
        ...charactersMap(metadata),
        ...hasPrefix ? [{ type: "Prepend", prepend: SPACE }] : [],
        marked,
      ]),
      pre_tokenizer: null,
      decoder: sequence("decoders", [
        { type: "Replace", pattern: { String: SPACE }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        ...hasPrefix ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : [],
      ]),
      model: {
        type: "BPE",
        dropout: null,
        unk_token: unknown,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: true,
        byte_fallback: hasBytes,
        ignore_merges: false,
        vocab: idsByToken(tokens),
        merges: mergesByScore(vocabulary, scoresOf(metadata, tokens.length)),
      },
    },
  };
}

/** Converters write spaces instead of the space marks in user-defined pieces. */
function withPieceSpaces(vocabulary: Vocabulary): Vocabulary {
  const { tokens, kinds } = vocabulary;
  const marked = tokens.map((token, id) => {
    return kinds[id] === tokenKinds.userDefined && /^ +$/.test(token) ? token.replaceAll(" ", SPACE) : token;
  });
  return { ...vocabulary, tokens: marked };
}

/** Phi-3's special tokens absorb the spaces after them, which no metadata says. */
function stripsAfter(metadata: Metadata): (token: string) => boolean {
  const keep = new Set(["<unk>", "<s>", "<|endoftext|>"]);
  return (token) => metadata.architecture === "phi3" && !keep.has(token);
}

/**
 * SentencePiece merges the pair of neighbours that forms the piece with the highest score. As a list of merges, this is
 * every way to form a piece from two others, ordered by the piece's score, and then with the longer first part first.
 */
function mergesByScore({ tokens, kinds }: Vocabulary, scores: readonly number[]): (readonly [string, string])[] {
  const ids = new Map<string, number>();
  tokens.forEach((token, id) => {
    if (kinds[id] !== tokenKinds.unused && kinds[id] !== tokenKinds.byte) ids.set(token, id);
  });
  const found: { left: string; right: string; score: number; lengths: readonly [number, number]; ids: number[] }[] = [];
  for (const [token, id] of ids) {
    const characters = Array.from(token);
    for (let cut = 1, left = characters[0] ?? ""; cut < characters.length; left += characters[cut++]) {
      const right = token.slice(left.length), leftId = ids.get(left), rightId = ids.get(right);
      if (leftId === undefined || rightId === undefined) continue;
      const lengths = [cut, characters.length - cut] as const;
      found.push({ left, right, score: scores[id]!, lengths, ids: [id, leftId, rightId] });
    }
  }
  found.sort((a, b) =>
    b.score - a.score || b.lengths[0] - a.lengths[0] || b.lengths[1] - a.lengths[1] ||
    a.ids[0]! - b.ids[0]! || a.ids[1]! - b.ids[1]! || a.ids[2]! - b.ids[2]!
  );
  return found.map(({ left, right }) => [left, right] as const);
}

/**
 * The tokenizer.json of a SentencePiece unigram tokenizer.
 *
 * @throws {RequestError} If the scores or the unknown token are missing, or unknown characters are encoded as bytes.
 */
export function unigram(metadata: Metadata, given: Vocabulary): TokenizerParts {
  const vocabulary = withPieceSpaces(given), { tokens, kinds, special } = vocabulary;
  if (kinds.includes(tokenKinds.byte)) {
    throw metadata.error("has a unigram tokenizer with byte pieces, which is not supported; use another model");
  }
  const unknown = special.unk?.id ?? kinds.indexOf(tokenKinds.unknown);
  if (unknown < 0) throw metadata.error("has a unigram tokenizer without an unknown token; convert the model again");
  const scores = scoresOf(metadata, tokens.length);
  const isTidy = metadata.flag("tokenizer.ggml.remove_extra_whitespaces", true);
  const prepend_scheme = metadata.flag("tokenizer.ggml.add_space_prefix", true) ? "always" : "never";
  const metaspace = { type: "Metaspace", replacement: SPACE, prepend_scheme, split: true };
  return {
    addsBos: false,
    addsEos: true,
    json: {
      added_tokens: addedTokens(vocabulary),
      normalizer: sequence("normalizers", [
        ...charactersMap(metadata),
        ...isTidy
          ? [
            { type: "Strip", strip_left: true, strip_right: true },
            { type: "Replace", pattern: { Regex: " {2,}" }, content: " " },
          ]
          : [],
      ]),
      pre_tokenizer: metaspace,
      decoder: metaspace,
      model: { type: "Unigram", unk_id: unknown, vocab: tokens.map((token, id) => [token, scores[id]!]) },
    },
  };
}

function scoresOf(metadata: Metadata, count: number): readonly number[] {
  const scores = metadata.numbers("tokenizer.ggml.scores");
  if (scores.length === count) return scores;
  throw metadata.error(
    `has ${count} tokens and ${scores.length} values of tokenizer.ggml.scores; convert the model again`,
  );
}

/** SentencePiece's table for normalizing characters, if there is one. */
function charactersMap(metadata: Metadata): readonly JsonObject[] {
  const key = "tokenizer.ggml.precompiled_charsmap";
  if (metadata.raw(key) === undefined) return [];
  const bytes = Uint8Array.from(metadata.numbers(key), (byte) => byte & 255);
  return bytes.length === 0 ? [] : [{ type: "Precompiled", precompiled_charsmap: bytes.toBase64() }];
}

function sequence(part: "normalizers" | "decoders", steps: readonly JsonObject[]): JsonObject | null {
  return steps.length === 0 ? null : { type: "Sequence", [part]: steps };
}
