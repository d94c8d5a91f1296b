/** The interventions in a run's folder. @module */
import { join } from "node:path";
import { system } from "../../common/system.ts";
import { isAbsent, namesIn, unreadable } from "../../common/folder_names.ts";
import { interventionFileNames } from "./intervention_file.ts";

/** The folder, within a training's, of the intervention after a checkpoint epoch. */
export function epochFolder(epoch: number): string {
  return `epoch=${epoch}`;
}

/** The ids of a run's members, or of their trainings, that have an intervention, in order. */
export function trainedIds(run: string): Promise<string[]> {
  return idsWith(run, join("intervention", interventionFileNames.description));
}

/** The folders, within a run's, of the models that it trained whole, in order. */
export async function wholeModels(run: string): Promise<string[]> {
  return (await idsWith(run, join("model", "config.json"))).map((id) => join("members", id, "model"));
}

/** The ids of a run's members, or of their trainings, whose folder has a file. */
async function idsWith(run: string, file: string): Promise<string[]> {
  const folder = join(run, "members"), ids: string[] = [];
  const isTrained = (id: string) => holds(join(folder, id, file));
  for (const id of await namesIn(folder)) {
    if (isTrained(id)) ids.push(id);
    else ids.push(...(await namesIn(join(folder, id))).map((training) => `${id}/${training}`).filter(isTrained));
  }
  return ids.sort();
}

/** Whether a run's folder has a training's checkpoint, by the training's id and the epoch's folder. */
export function hasEpoch(run: string, id: string): boolean {
  return /\/epoch=\d+$/.test(id) && isIntervention(join(run, "members", id, "intervention"));
}

/** Whether a folder holds an intervention. */
export function isIntervention(folder: string): boolean {
  return holds(join(folder, interventionFileNames.description));
}

function holds(file: string): boolean {
  try {
    system.statSync(file);
    return true;
  } catch (fault) {
    if (isAbsent(fault)) return false;
    throw unreadable(file, fault);
  }
}
