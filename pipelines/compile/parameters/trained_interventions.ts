/** The interventions in a run's folder. @module */
import { join } from "node:path";
import { isAbsent, namesIn, unreadable } from "../../common/folder_names.ts";
import { interventionFileNames } from "./intervention_file.ts";

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

/** Whether a folder is an intervention's. */
export function isIntervention(folder: string): boolean {
  const file = join(folder, interventionFileNames.description);
  try {
    Deno.statSync(file);
    return true;
  } catch (fault) {
    if (isAbsent(fault)) return false;
    throw unreadable(file, fault);
  }
}
