/** The texts of single tokens, and where they begin in the text of all. @module */
import type { AnswerTokenizer } from "../decoding/answer.ts";
import type { Tokenizer } from "../models/tokenization/tokenizer.ts";

/** The text of a token among others, with the space before a word, which some tokenizers drop from a word alone. */
export function tokenText(tokenizer: Tokenizer, token: number): string {
  return tokenizer.ownText(token) ?? tokenizer.decode([token], { cleanUpSpaces: false });
}

/** A tokenizer for text that continues a prompt: the space before its first word is part of it. */
export function continuing(tokenizer: Tokenizer): AnswerTokenizer {
  const drops = (token: number) =>
    tokenizer.ownText(token)?.startsWith(" ") === true &&
    !tokenizer.decode([token], { cleanUpSpaces: false }).startsWith(" ");
  return {
    cleanUp: tokenizer.cleanUp,
    isSpecial: (id) => tokenizer.isSpecial(id),
    decode(ids, options) {
      const text = tokenizer.decode(ids, options), [first] = ids;
      return first !== undefined && text !== "" && drops(first) ? ` ${text}` : text;
    },
  };
}

/** Finds where tokens begin in a text that grows. */
export class TokenPlaces {
  readonly #tokenizer: Tokenizer;
  #at: number;
  /** Tokens whose bytes are not yet a whole character. */
  #open: readonly number[] = [];

  /** @param start Where the first one begins. */
  constructor(tokenizer: Tokenizer, start: number) {
    this.#tokenizer = tokenizer;
    this.#at = start;
  }

  /**
   * Where the next tokens begin. One that the text does not show, such as a special one, has no extent.
   *
   * @param text The text of all tokens so far.
   */
  next(tokens: readonly number[], text: string): readonly number[] {
    return tokens.map((token) => {
      const start = this.#at;
      this.#open = [...this.#open, token];
      const [only] = this.#open.length === 1 ? this.#open : [];
      const own = only === undefined
        ? this.#tokenizer.decode(this.#open, { cleanUpSpaces: false })
        : tokenText(this.#tokenizer, only);
      if (own.endsWith("\ufffd")) return start;
      this.#open = [];
      // The space before a word is dropped at the beginning of a text, and before some punctuation.
      const shown = [own, own.replace(/^ /, "")].find((each) => text.startsWith(each, start));
      const isHidden = shown === undefined && this.#tokenizer.isSpecial(token);
      this.#at = isHidden ? start : Math.min(text.length, start + (shown ?? own).length);
      return start;
    });
  }
}
