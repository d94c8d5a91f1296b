/** What trainings are called in results, in progress and in the folders of a run. @module */
import type { Resolved, TrainSpec } from "../../spec/mod.ts";

type Model = Resolved<TrainSpec>["model"];

/**
 * A training's name where no result is named for it: what it trains, as in `loreft` or `loreft+classification`; with rank
 * and positions, as in `loreft-r4-l1`, or a number where that name is taken.
 */
export function trainingName(model: Model, taken: ReadonlySet<string>): string {
  const trained = model.edits.filter((edit) => !("frozen" in edit && edit.frozen));
  const kinds = trained.map(({ kind }) => kind).join("+"), full = trained.map(describedEdit).join("+");
  const found = [kinds, full].find((name) => name !== "" && !taken.has(name));
  if (found !== undefined) return found;
  for (let number = 2;; number++) if (!taken.has(`${full}-${number}`)) return `${full}-${number}`;
}

function describedEdit(edit: Model["edits"][number]): string {
  const rank = "rank" in edit && edit.rank !== undefined ? `r${edit.rank}` : "";
  const positions = "positions" in edit && typeof edit.positions === "string" ? edit.positions : "";
  return [edit.kind, rank, positions.replaceAll(/[^\w.+-]/g, "")].filter((part) => part !== "").join("-");
}
