/** The masks by which edits act on some tokens of a row, and on some rows of their rank. @module */
import type { RowList } from "../../common/row_list.ts";
import type { TokenizedPrompt } from "../../data/examples.ts";
import type { Adaptation, LoweredAdaptation, LoweredIntervention } from "./adaptation.ts";
import { runOfSite } from "./sites.ts";

/** What of an adaptation decides its mask. */
export type Masked = Pick<
  LoweredIntervention,
  "stack" | "site" | "positions" | "positionsText" | "side" | "subspace" | "rank" | "strength"
>;

/** How an adaptation acts on some tokens of a row; `undefined` if it acts on all. */
export function maskedBy(adaptation: LoweredAdaptation): Masked | undefined {
  if (adaptation.form === "intervention") return adaptation;
  if (adaptation.form !== "adapter" || adaptation.positions === undefined) return undefined;
  const { stack, site } = adaptation, positions = { first: Infinity, last: 0, completion: false };
  return { stack, site, positions, positionsText: "prompt", side: "both", rank: 1 };
}

/** The adaptations that act on some tokens of a row, as their masks have them. */
export function masksOf(list: readonly Adaptation[]): readonly Masked[] {
  return list.flatMap((adaptation) => maskedBy(adaptation) ?? []);
}

/** The name of the mask [batch, tokens, width] that an adaptation reads, of {@linkcode maskWidth}. */
export function maskName({ stack, site, positions, positionsText, side, subspace, rank }: Masked): string {
  const rows = subspace === undefined ? "" : `.${subspace.name}.${rank}`;
  const run = runOfSite({ stack, site }) === "context" ? "context." : "";
  const short = positions.short === undefined ? "" : `.${positions.short}`;
  return `positions.${run}${positionsText}${short}.${side}${rows}`;
}

/** How wide a mask is: 1, or with a subspace one column for each row of the rank. */
export function maskWidth({ subspace, rank }: Masked): number {
  return subspace === undefined ? 1 : rank;
}

/** The columns of its mask that are 1 for an example where it acts. */
export function columnsOf({ subspace }: Pick<Masked, "subspace">, prompt: TokenizedPrompt): ReadonlySet<number> {
  return subspace?.of(prompt) ?? onlyColumn;
}

const onlyColumn: ReadonlySet<number> = new Set([0]);

/** What the selectors of interventions select of each example: tokens, and rows of the rank. */
export function selectedRows(
  list: readonly Pick<LoweredIntervention, "positions" | "subspace">[],
  prompts: RowList<TokenizedPrompt>,
): readonly (readonly (readonly number[])[])[] {
  return list.flatMap(({ positions: { selector }, subspace }) => {
    return [selector, subspace].flatMap((each) => each === undefined ? [] : [prompts.map((of) => [...each.of(of)])]);
  });
}
