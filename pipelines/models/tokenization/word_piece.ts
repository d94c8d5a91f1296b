import { anything, type Component, optionalCount, optionalText } from "./components.ts";
import { idsByToken, noToken, type SubwordModel } from "./vocabulary.ts";

/**
 * BERT's WordPiece: repeatedly takes the longest piece at the beginning of a word; later pieces are marked as
 * continuations.
 */
export const wordPiece: Component<SubwordModel> = {
  fields: {
    vocab: anything,
    unk_token: optionalText,
    continuing_subword_prefix: optionalText,
    max_input_chars_per_word: optionalCount,
  },
  make(declared) {
    const ids = idsByToken(declared["vocab"]), unknown = ids.get(String(declared["unk_token"] ?? "[UNK]"));
    const prefix = String(declared["continuing_subword_prefix"] ?? "##");
    const longest = Number(declared["max_input_chars_per_word"] ?? 100);
    // No piece longer than the longest token is in the vocabulary.
    const widest = ids.keys().reduce((most, token) => Math.max(most, token.length), 0);
    const unknownWord = (word: string) => {
      if (unknown === undefined) throw noToken(word);
      return [unknown];
    };
    return {
      ids,
      encode(word) {
        if (word.length > longest && Array.from(word).length > longest) return unknownWord(word);
        const found: number[] = [];
        for (let start = 0; start < word.length;) {
          let end = Math.min(word.length, start + widest), id: number | undefined;
          for (; end > start; end--) {
            id = ids.get(start === 0 ? word.slice(0, end) : prefix + word.slice(start, end));
            if (id !== undefined) break;
          }
          if (id === undefined) return unknownWord(word);
          found.push(id);
          start = end;
        }
        return found;
      },
    };
  },
};
