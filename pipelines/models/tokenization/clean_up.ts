/** Cleaning up spaces in decoded text. @module */

/** A way to clean up a decoded text's spaces. */
export interface CleanUp {
  readonly clean: (text: string) => string;
  /** How many characters of a cleaned text do not change, whatever text follows. */
  readonly settled: (cleaned: string) => number;
}

/** Leaves a text unchanged. */
export const noCleanUp: CleanUp = { clean: (text) => text, settled: ({ length }) => length };

/** The length of the longest text that is shortened as a whole: ` n ' t`, which becomes ` n't` in the first step. */
const longestChanged = 6;

/** `clean_up_tokenization_spaces`: removes spaces before some punctuation marks and English contractions. */
export const cleanUpSpaces: CleanUp = {
  clean: (text) => text.replace(/ ([.?!,])/g, "$1").replaceAll(" ' ", "'").replace(/ (n't|'m|'s|'ve|'re)/g, "$1"),
  settled(cleaned) {
    // Everything that changes begins with a space, or with an apostrophe whose space was removed and may come back.
    const start = Math.max(0, cleaned.length - longestChanged + 1), open = cleaned.slice(start).search(/[ ']/);
    return open === -1 ? cleaned.length : start + open;
  },
};
