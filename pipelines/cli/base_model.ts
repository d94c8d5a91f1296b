/** The base model of a trained intervention. @module */
import { join } from "node:path";
import { readDescription } from "../compile/parameters/intervention_file.ts";
import { manifestFile, readManifest } from "../report/manifest.ts";
import { runOf } from "./intervention_folder.ts";
import { callerFolder } from "./load_pipeline.ts";

/**
 * Where an intervention's base model is: as told, or where the run had it, else as it is named, from the pipeline's
 * folder.
 *
 * @param folder The intervention's.
 * @param model What the command line says, if it says anything.
 */
export async function baseModelOf(
  folder: string,
  model: string | undefined,
): Promise<{ readonly source: string; readonly base: string }> {
  if (model !== undefined) return { source: model, base: callerFolder() };
  const { base: source } = await readDescription(folder);
  const within = runOf(folder), manifest = within && await readManifest(join(within.run, manifestFile));
  return { source: manifest?.models.get(source) ?? source, base: manifest?.base ?? callerFolder() };
}
