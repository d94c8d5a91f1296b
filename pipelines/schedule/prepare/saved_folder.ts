/** The folder of an intervention that a pipeline continues with. @module */
import { join, resolve } from "node:path";
import { pathProblem } from "../../common/declared_path.ts";
import { RequestError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import { isIntervention, trainedIds } from "../../compile/parameters/trained_interventions.ts";

/**
 * Finds a saved intervention.
 *
 * @param base The folder that relative paths are resolved from.
 * @param folder As written in the pipeline.
 * @throws {RequestError} If it is not an intervention's folder; for a run folder, the message lists those in it.
 */
export async function savedFolder(base: string, folder: string): Promise<string> {
  const path = resolve(base, folder), problem = await pathProblem(base, folder, "folder");
  if (problem !== undefined) throw new RequestError(`the intervention ${quote(folder)} ${problem}`);
  if (isIntervention(path)) return path;
  const within = [join(path, "intervention")].filter(isIntervention).map(() => "intervention");
  const found = [...within, ...(await trainedIds(path)).map((id) => join("members", id, "intervention"))];
  const [first] = found;
  if (first === undefined) {
    throw new RequestError(
      `${quote(folder)} has no intervention.json; give the folder of a trained or imported intervention`,
    );
  }
  const all = found.map((each) => quote(`${folder.replace(/[/]$/, "")}/${each}`)).join(", ");
  throw new RequestError(
    found.length === 1
      ? `${quote(folder)} is a run folder; give the folder of its intervention, ${all}`
      : `${quote(folder)} is a run folder with ${found.length} interventions; give one of them: ${all}`,
  );
}
