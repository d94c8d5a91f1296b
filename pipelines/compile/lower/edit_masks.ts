/** The masks that restrict edits to some tokens of a row and to some rows of their rank. @module */
import type { RowList } from "../../common/row_list.ts";
import type { TokenizedPrompt } from "../../data/examples.ts";
import type { Adaptation, LoweredAdaptation, LoweredIntervention } from "./adaptation.ts";
import { runOfSite } from "./sites.ts";

/** The properties of an adaptation that decide its mask. */
export type Masked = Pick<
  LoweredIntervention,
  "stack" | "site" | "positions" | "positionsText" | "side" | "subspace" | "rank" | "strength"
>;

/** The properties that decide an adaptation's mask; `undefined` if it acts on all tokens. */
export function maskedBy(adaptation: LoweredAdaptation): Masked | undefined {
  if (adaptation.form === "intervention") return adaptation;
  if (adaptation.form !== "adapter" || adaptation.positions === undefined) return undefined;
  const { stack, site } = adaptation, positions = { first: Infinity, last: 0, completion: false };
  return { stack, site, positions, positionsText: "prompt", side: "both", rank: 1 };
}

/** The mask properties of the adaptations that act on only some tokens of a row. */
export function masksOf(list: readonly Adaptation[]): readonly Masked[] {
  return list.flatMap((adaptation) => maskedBy(adaptation) ?? []);
}

/** The name of the mask [batch, tokens, {@linkcode maskWidth}] that an adaptation reads. */
export function maskName({ stack, site, positions, positionsText, side, subspace, rank }: Masked): string {
  const rows = subspace === undefined ? "" : `.${subspace.name}.${rank}`;
  const run = runOfSite({ stack, site }) === "context" ? "context." : "";
  const short = positions.short === undefined ? "" : `.${positions.short}`;
  return `positions.${run}${positionsText}${short}.${side}${rows}`;
}

/** The width of a mask: 1, or, with a subspace, one column for each row of the rank. */
export function maskWidth({ subspace, rank }: Masked): number {
  return subspace === undefined ? 1 : rank;
}

/** The columns of a mask that are 1 at an example's edited tokens. */
export function columnsOf({ subspace }: Pick<Masked, "subspace">, prompt: TokenizedPrompt): ReadonlySet<number> {
  return subspace?.of(prompt) ?? onlyColumn;
}

const onlyColumn: ReadonlySet<number> = new Set([0]);

/** What the selectors of interventions select for each example: tokens and rows of the rank. */
export function selectedRows(
  list: readonly Pick<LoweredIntervention, "positions" | "subspace">[],
  prompts: RowList<TokenizedPrompt>,
): readonly (readonly (readonly number[])[])[] {
  return list.flatMap(({ positions: { selector }, subspace }) => {
    return [selector, subspace].flatMap((each) => each === undefined ? [] : [prompts.map((of) => [...each.of(of)])]);
  });
}
