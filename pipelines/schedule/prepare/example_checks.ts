/** Checks of examples that do not depend on a head. @module */
import type { RowList } from "../../common/row_list.ts";
import { type Adaptation, interventionsOf } from "../../compile/lower/adaptation.ts";
import { selectedRows } from "../../compile/lower/edit_masks.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import { lengthsOfExamples } from "../../data/example_lengths.ts";

/**
 * Asks for all that functions select of each example, so that a selection that is none shows now.
 *
 * @throws {RequestError} If one is not sound.
 */
export function requireSelections(adaptations: readonly Adaptation[], examples: RowList<TokenizedExample>): void {
  selectedRows(interventionsOf(adaptations), examples);
}

/** The tokens of the longest example. */
export function longestOf(examples: RowList<TokenizedExample>): number {
  const { prompts, completions, rejected } = lengthsOfExamples(examples);
  return prompts.reduce((most, length, at) => Math.max(most, length + Math.max(completions[at]!, rejected[at]!)), 0);
}
