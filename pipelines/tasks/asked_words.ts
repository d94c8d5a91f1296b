/** The words of a row's question, by which equal questions are recognized. @module */
import type { Fields } from "../data/files/raw_row.ts";

/**
 * The letters and digits of a question: punctuation, spaces and case differ between copies of the same data set.
 *
 * @param fields The row's fields, of which the instruction or the question is used.
 * @param text The text to use if it has neither.
 */
export function askedWords(fields: Fields, text: string): string {
  const question = fields["instruction"] ?? fields["question"];
  return lettersOf(question === undefined ? text : `${question} ${fields["input"] ?? ""}`);
}

/** The same for a row with a label, which may have two texts: all its texts are used. */
export function labelledWords({ label: _, ...fields }: Fields): string {
  const texts = Object.entries(fields).filter(([, value]) => typeof value === "string").sort(([one], [other]) => {
    return one < other ? -1 : 1;
  });
  return texts.map(([, value]) => lettersOf(String(value))).join(" ");
}

const lettersOf = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
