/** The names of trainings in results, in progress and in the folders of a run. @module */
import { namingFunctions } from "../../common/function_name.ts";
import type { Resolved, TrainSpec } from "../../spec/mod.ts";
import type { MemberStage } from "../expand/member.ts";

type Model = Resolved<TrainSpec>["model"];

/** The names of a member's trainings: each is different from those of all other stages. */
export class TrainingNames {
  readonly #declared: readonly (readonly [string, MemberStage])[];
  readonly #given: { readonly spec: Resolved<TrainSpec>; readonly name: string }[] = [];

  /** @param declared The member's stages by name. */
  constructor(declared: readonly (readonly [string, MemberStage])[]) {
    this.#declared = declared;
  }

  /** The name of the result that a training is, or else of what it trains. */
  of(spec: Resolved<TrainSpec>): string {
    const known = this.#given.find((other) => isSameTraining(other.spec, spec));
    if (known !== undefined) return known.name;
    const own = this.#declared.find(([, stage]) => stage.kind === "train" && isSameTraining(stage, spec));
    const taken = [...this.#declared.map(([name]) => name), ...this.#given.map(({ name }) => name)];
    const name = own?.[0] ?? trainingName(spec.model, new Set(taken));
    this.#given.push({ spec, name });
    return name;
  }
}

/** Whether two trainings are the same one, which runs once; functions are compared too. */
export function isSameTraining(one: Resolved<TrainSpec>, other: Resolved<TrainSpec>): boolean {
  return one === other || JSON.stringify(one, namingFunctions) === JSON.stringify(other, namingFunctions);
}

/**
 * The name of a training that is not itself a result: what it trains, as in `loreft` or `loreft+classification`; with
 * rank and positions, as in `loreft-r4-l1`, or a number, if that name is taken.
 */
function trainingName(model: Model, taken: ReadonlySet<string>): string {
  const trained = model.edits.filter((edit) => !("frozen" in edit && edit.frozen));
  const kinds = [...new Set(trained.map(({ kind }) => kind))].join("+"), full = trained.map(describedEdit).join("+");
  const found = [kinds, full].find((name) => name !== "" && !taken.has(name));
  if (found !== undefined) return found;
  for (let number = 2;; number++) if (!taken.has(`${full}-${number}`)) return `${full}-${number}`;
}

function describedEdit(edit: Model["edits"][number]): string {
  const rank = "rank" in edit && edit.rank !== undefined ? `r${edit.rank}` : "";
  const positions = "positions" in edit && typeof edit.positions === "string" ? edit.positions : "";
  return [edit.kind, rank, positions.replaceAll(/[^\w.+-]/g, "")].filter((part) => part !== "").join("-");
}
