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
  const whole = question === undefined ? text : `${question} ${fields["input"] ?? ""}`;
  return whole.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
}
