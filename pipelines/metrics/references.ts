/** The correct answers of a row, of which there may be several. @module */
import { listedTexts } from "../data/listed_texts.ts";
import type { MeasuredRow } from "./prediction.ts";

/**
 * The texts that an answer is compared with.
 *
 * @param field The field that lists them; only the completion if `undefined`.
 * @throws {RequestError} If the row has no such field, or it is not a list of strings.
 */
export function referencesOf(row: MeasuredRow, field: string | undefined): readonly string[] {
  return field === undefined ? [row.completion] : listedTexts(row, field, "the metric's option references");
}
