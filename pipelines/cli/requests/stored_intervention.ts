/** A trained or imported intervention: its files, its base model and its adaptations. @module */
import { join } from "node:path";
import { atLocation } from "../../common/source_location.ts";
import { RequestError } from "../../common/errors.ts";
import { innerPath } from "../../common/inner_path.ts";
import { lowerAdaptations } from "../../compile/lower/lower_adaptations.ts";
import type { Adaptation } from "../../compile/lower/adaptation.ts";
import {
  type InterventionDescription,
  interventionFileNames,
  lowerDescription,
  otherWeights,
  readDescription,
} from "../../compile/parameters/intervention_file.ts";
import type { EditedModel } from "../../models/architecture/architecture.ts";
import type { BareModel } from "../../models/open/model.ts";
import { manifestFile, readManifest } from "../../report/manifest.ts";
import { checkedAdaptation } from "../../schedule/validate/adaptation_checks.ts";
import { callerFolder, callerPath } from "./caller_paths.ts";
import { interventionFolder, runOf } from "./intervention_folder.ts";

/** An intervention's folder, and the content of its description. */
export interface StoredIntervention {
  readonly folder: string;
  /** The path of the description. */
  readonly file: string;
  /** The path of the tensors. */
  readonly tensors: string;
  readonly description: InterventionDescription;
}

/** Finds the intervention that a path and `--member` refer to, and reads its description. */
export async function findIntervention(path: string, member: string | undefined): Promise<StoredIntervention> {
  if (path.startsWith("builtin:")) {
    throw new RequestError(
      `${path} is a base model and not what was trained; give the folder of a run or an intervention, or query the model ` +
        `itself with deno task serve ${path}`,
    );
  }
  const folder = await interventionFolder(callerPath(path), member);
  return {
    folder,
    file: join(folder, interventionFileNames.description),
    tensors: join(folder, interventionFileNames.tensors),
    description: await readDescription(folder),
  };
}

/** How a base model is named, and the folder that the name is resolved from. */
interface BaseModel {
  readonly source: string;
  readonly base: string;
}

/**
 * The base model of an intervention: the one that the command line names, or else where the run had it, or else as the
 * description names it, from the pipeline's folder.
 *
 * @param model What the command line says, if anything.
 */
export async function baseModelOf(
  { folder, description: { base: source } }: StoredIntervention,
  model: string | undefined,
): Promise<BaseModel> {
  if (model !== undefined) return { source: model, base: callerFolder() };
  const within = runOf(folder);
  const manifest = within && await readManifest(await innerPath(within.run, manifestFile));
  return { source: manifest?.models.get(source) ?? source, base: manifest?.base ?? callerFolder() };
}

/**
 * The adaptations of a description, lowered for a model.
 *
 * @param positions Replace those that the edits were trained with.
 * @throws {RequestError} If they are invalid, or do not fit the model; it names the description's file.
 */
export function adaptationsOf(
  { description, file }: Pick<StoredIntervention, "description" | "file">,
  model: EditedModel,
  positions?: string,
): readonly Adaptation[] {
  return atLocation({ file }, () => {
    const adaptations = lowerDescription(description, model, checkedAdaptation, { positions });
    return lowerAdaptations([{ kind: "saved", adaptations, initial: file }], model);
  });
}

/**
 * The same as {@linkcode adaptationsOf}, for a command with the option `--positions`.
 *
 * @param positions What the option says, if anything.
 * @throws {RequestError} Also if a function chose the positions and the option is not given.
 */
export function adaptationsAt(
  { description, file }: Pick<StoredIntervention, "description" | "file">,
  model: EditedModel,
  positions: string | undefined,
): readonly Adaptation[] {
  const chosen = description.interventions.find((each) => each["positions"] === null);
  if (chosen === undefined || positions !== undefined) return adaptationsOf({ description, file }, model, positions);
  throw new RequestError(
    `a function chose the positions of intervention ${chosen["index"]}, which a file cannot store; ` +
      "give fixed ones with --positions, as in l1",
    { file },
  );
}

/**
 * Notes that an intervention was trained with other weights than it is used with.
 *
 * @param used The digest of the model's weights.
 */
export function noteOtherWeights(
  { description, file }: Pick<StoredIntervention, "description" | "file">,
  used: string,
  { name }: Pick<BareModel, "name">,
  note: (message: string) => void,
): void {
  const other = otherWeights(description, file, used, name);
  if (other !== undefined) note(other);
}

/**
 * Requires that a model with some adaptations generates text.
 *
 * @param remedy What to do otherwise.
 */
export function requireNoHead(adaptations: readonly Adaptation[], file: string, remedy: string): void {
  if (!adaptations.some(({ form }) => form === "head")) return;
  throw new RequestError(`the model has a head, which predicts labels and generates no text; ${remedy}`, { file });
}
