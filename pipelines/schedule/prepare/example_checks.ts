/** Checks of examples that do not depend on a head. @module */
import type { RowList } from "../../common/row_list.ts";
import { type Adaptation, interventionsOf } from "../../compile/lower/adaptation.ts";
import { selectedRows } from "../../compile/lower/edit_masks.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import { lengthsOfExamples } from "../../data/example_lengths.ts";

/**
 * Evaluates everything that functions select for each example, so that an invalid selection is found now.
 *
 * @throws {RequestError} If a selection is invalid.
 */
export function requireSelections(adaptations: readonly Adaptation[], examples: RowList<TokenizedExample>): void {
  selectedRows(interventionsOf(adaptations), examples);
}

/** The length of the longest example in tokens. */
export function longestOf(examples: RowList<TokenizedExample>): number {
  const { prompts, completions, rejected } = lengthsOfExamples(examples);
  return prompts.reduce((most, length, at) => Math.max(most, length + Math.max(completions[at]!, rejected[at]!)), 0);
}
