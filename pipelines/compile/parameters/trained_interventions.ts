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
export async function trainedIds(run: string): Promise<string[]> {
  const folder = join(run, "members"), ids: string[] = [];
  const hasIntervention = (id: string) => isIntervention(join(folder, id, "intervention"));
  for (const id of await namesIn(folder)) {
    if (hasIntervention(id)) ids.push(id);
    else ids.push(...(await namesIn(join(folder, id))).map((training) => `${id}/${training}`).filter(hasIntervention));
  }
  return ids.sort();
}

/** Whether a run's folder has a training's checkpoint, by the training's id and the epoch's folder. */
export function hasEpoch(run: string, id: string): boolean {
  return /\/epoch=\d+$/.test(id) && isIntervention(join(run, "members", id, "intervention"));
}

/** Whether a folder holds an intervention. */
export function isIntervention(folder: string): boolean {
  const file = join(folder, interventionFileNames.description);
  try {
    system.statSync(file);
    return true;
  } catch (fault) {
    if (isAbsent(fault)) return false;
    throw unreadable(file, fault);
  }
}
