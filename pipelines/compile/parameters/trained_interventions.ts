/** The interventions in a run's folder. @module */
import { join } from "node:path";
import { system } from "../../common/system.ts";
import { isAbsent, namesIn, unreadable } from "../../common/folder_names.ts";
import { interventionFileNames } from "./intervention_file.ts";

/** The folder within a training's of what it had learned after an epoch that it keeps. */
export function epochFolder(epoch: number): string {
  return `epoch=${epoch}`;
}

/** The members of a run that have an intervention, or their trainings that have one, in order. */
export async function trainedIds(run: string): Promise<string[]> {
  const folder = join(run, "members"), ids: string[] = [];
  const hasIntervention = (id: string) => isIntervention(join(folder, id, "intervention"));
  for (const id of await namesIn(folder)) {
    if (hasIntervention(id)) ids.push(id);
    else ids.push(...(await namesIn(join(folder, id))).map((training) => `${id}/${training}`).filter(hasIntervention));
  }
  return ids.sort();
}

/** Whether an epoch of one of a run's trainings is in its folder, by the training's id and the epoch's folder. */
export function hasEpoch(run: string, id: string): boolean {
  return /\/epoch=\d+$/.test(id) && isIntervention(join(run, "members", id, "intervention"));
}

/** Whether a folder is an intervention's. */
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
