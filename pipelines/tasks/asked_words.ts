/** What a row asks, so that questions in the same words are known for the same. @module */
import type { Fields } from "../data/files/raw_row.ts";

/**
 * A question's letters and digits alone: punctuation, blanks and case differ between copies of the same data set.
 *
 * @param fields The row's, of which the instruction or the question counts.
 * @param text What counts where it has neither.
 */
export function askedWords(fields: Fields, text: string): string {
  const question = fields["instruction"] ?? fields["question"];
  return lettersOf(question === undefined ? text : `${question} ${fields["input"] ?? ""}`);
}

/** The same of a row with a label, which may have two texts: whatever texts it has. */
export function labelledWords({ label: _, ...fields }: Fields): string {
  const texts = Object.entries(fields).filter(([, value]) => typeof value === "string").sort(([one], [other]) => {
    return one < other ? -1 : 1;
  });
  return texts.map(([, value]) => lettersOf(String(value))).join(" ");
}

const lettersOf = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
