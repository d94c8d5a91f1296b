/** The base model of a stored intervention, opened with only its config.json. @module */
import { type BareModel, openBareModel } from "../../models/open/model.ts";
import { isHubId, type SourceOptions } from "../../models/open/source.ts";
import { storeFolder } from "./caller_paths.ts";
import { baseModelOf, type StoredIntervention } from "./stored_intervention.ts";

/** A base model, and the name by which another library finds it. */
interface StoredBase {
  readonly bare: BareModel;
  /** A hub's `owner/name`, or else the folder's absolute path. */
  readonly named: string;
}

/** @param model What the command line says, if anything. */
export async function openStoredBase(
  stored: StoredIntervention,
  model: string | undefined,
  options: Omit<SourceOptions, "base"> = { store: storeFolder(undefined) },
): Promise<StoredBase> {
  const { source, base } = await baseModelOf(stored, model);
  const bare = await openBareModel(source, { ...options, base });
  return { bare, named: isHubId(bare.name) ? bare.name : bare.folder };
}
