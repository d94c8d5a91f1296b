import { anything, type Component, optionalText } from "./components.ts";
import { idsByToken, noToken, type SubwordModel } from "./vocabulary.ts";

/** A vocabulary of words; other words become the unknown token. */
export const wordLevel: Component<SubwordModel> = {
  fields: { vocab: anything, unk_token: optionalText },
  make({ vocab, unk_token }) {
    const ids = idsByToken(vocab), unknown = ids.get(String(unk_token ?? "<unk>"));
    return {
      ids,
      encode(word) {
        const id = ids.get(word) ?? unknown;
        if (id === undefined) throw noToken(word);
        return [id];
      },
    };
  },
};
