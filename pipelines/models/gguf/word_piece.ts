import type { Metadata } from "./metadata.ts";
import type { TokenizerParts } from "./tokenizer_parts.ts";
import { addedTokens, idsByToken, tokenKinds, type Vocabulary } from "./vocabulary.ts";

/**
 * The tokenizer.json of a WordPiece tokenizer: `tokenizer.ggml.model` is `bert`. The file marks the tokens that begin a
 * word, whereas tokenizer.json marks those that continue one.
 */
export function wordPiece(_: Metadata, vocabulary: Vocabulary): TokenizerParts {
  const { tokens, kinds, special } = vocabulary;
  const words = tokens.map((token, id) => {
    if (kinds[id] !== tokenKinds.normal) return token;
    return token.startsWith("▁") ? token.slice(1) : `##${token}`;
  });
  const named = (text: string) => {
    const id = tokens.indexOf(text);
    return id < 0 ? undefined : { id, text };
  };
  // Whether it is case-sensitive follows from its vocabulary.
  const lowercase = !words.some((word, id) => kinds[id] === tokenKinds.normal && /\p{Lu}/u.test(word));
  return {
    addsBos: true,
    addsEos: true,
    first: special.cls ?? named("[CLS]"),
    last: special.sep ?? named("[SEP]"),
    json: {
      added_tokens: addedTokens({ ...vocabulary, tokens: words }),
      normalizer: {
        type: "BertNormalizer",
        clean_text: true,
        handle_chinese_chars: true,
        strip_accents: null,
        lowercase,
      },
      pre_tokenizer: { type: "BertPreTokenizer" },
      decoder: { type: "WordPiece", prefix: "##", cleanup: true },
      model: {
        type: "WordPiece",
        unk_token: special.unk?.text ?? "[UNK]",
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
        vocab: idsByToken(words),
      },
    },
  };
}
