/** Interventions on a Hugging Face hub: where they are, and which of a repository's files belong to them. @module */
import { RequestError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import { interventionFileNames } from "../../compile/parameters/intervention_file.ts";
import {
  type AccessOptions,
  type Environment,
  type HubAccess,
  hubAccess,
  readEnvironment,
} from "../../models/hub/access.ts";
import type { Repository } from "../../models/hub/files.ts";
import { requireRevision } from "../../models/hub/folder.ts";
import { isHubId } from "../../models/open/source.ts";
import { noteTo } from "../../schedule/context/work.ts";
import { peftFiles } from "../../interchange/peft/names.ts";
import { isStateFile } from "../../interchange/pyreft_config.ts";
import type { CommandContext } from "../arguments/command.ts";
import { terminalEvents } from "../terminal/event_lines.ts";

/** The file name of a repository's model card. */
export const card = "README.md";

/** A repository's revision to reach. */
export interface HubTarget {
  readonly id: string;
  readonly revision: string;
}

/**
 * How to reach a repository's hub.
 *
 * @throws {RequestError} If the name of the repository or of the revision is invalid.
 */
export async function reachHub(
  { id, revision }: HubTarget,
  { terminal, hub = {}, stops }: CommandContext,
): Promise<{ readonly env: Environment; readonly access: HubAccess }> {
  if (!isHubId(id)) throw new RequestError(`${quote(id)} is not the name of a repository; write it as owner/name`);
  requireRevision(id, revision);
  const env = hub.env ?? readEnvironment(), signal = stops?.(), warn = noteTo(terminalEvents(terminal));
  const options: AccessOptions = { ...hub, warn, ...signal === undefined ? {} : { signal } };
  return { env, access: await hubAccess(env, options) };
}

/**
 * The names of a repository's files that make up an intervention, Refract's or pyreft's.
 *
 * @throws {RequestError} If there is none.
 */
export function interventionFiles({ id, paths }: Pick<Repository, "id" | "paths">): readonly string[] {
  const { description, tensors } = interventionFileNames, cards = paths.filter((path) => path === card);
  if (paths.includes(description)) {
    if (paths.includes(tensors)) return [description, tensors, ...cards];
    throw new RequestError(`${id} has ${description} but no ${tensors}; choose another revision, or push it again`);
  }
  const states = paths.filter(isStateFile);
  if (states.length > 0 && paths.includes("config.json")) return ["config.json", ...states, ...cards];
  if (paths.includes(peftFiles.config)) {
    throw new RequestError(
      `${id} holds an adapter that peft saved; download it, as in hf download ${id} --local-dir adapter, and then ` +
        "deno task import adapter",
    );
  }
  throw new RequestError(
    `${id} holds no intervention, neither ${description} nor pyreft's files; choose another (a base model needs no pull)`,
  );
}

/** Whether a file's name shows that its folder holds an intervention, Refract's or pyreft's. */
export function isInterventionFile(name: string): boolean {
  return name === interventionFileNames.description || isStateFile(name);
}
