/** What a tokenizer makes of the spaces of a decoded text. @module */

/** A way to change a decoded text's spaces. */
export interface CleanUp {
  readonly clean: (text: string) => string;
  /** How much of a cleaned text stays as it is whatever text comes after it, in characters. */
  readonly settled: (cleaned: string) => number;
}

/** Leaves a text as it is. */
export const noCleanUp: CleanUp = { clean: (text) => text, settled: ({ length }) => length };

/** The most characters that become fewer together: ` n ' t`, of which the first step makes ` n't`. */
const longestChanged = 6;

/** What `clean_up_tokenization_spaces` asks for: no space before some marks and some English endings. */
export const cleanUpSpaces: CleanUp = {
  clean: (text) => text.replace(/ ([.?!,])/g, "$1").replaceAll(" ' ", "'").replace(/ (n't|'m|'s|'ve|'re)/g, "$1"),
  settled(cleaned) {
    // All that is changed begins with a space, which may be gone before an apostrophe and come back.
    const start = Math.max(0, cleaned.length - longestChanged + 1), open = cleaned.slice(start).search(/[ ']/);
    return open === -1 ? cleaned.length : start + open;
  },
};
