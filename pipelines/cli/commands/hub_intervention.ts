/** Interventions as a Hugging Face hub holds them: where they are, and which of a repository's files they are. @module */
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
import { isStateFile } from "../../interchange/pyreft_config.ts";
import type { CommandContext } from "../arguments/command.ts";
import { terminalEvents } from "../terminal/event_lines.ts";

/** The file of a repository's model card. */
export const card = "README.md";

/** A revision of a repository to reach. */
export interface HubTarget {
  readonly id: string;
  readonly revision: string;
}

/**
 * How the hub of a repository is reached.
 *
 * @throws {RequestError} If it is not a repository's name, or no revision's.
 */
export async function reachHub(
  { id, revision }: HubTarget,
  { terminal, hub = {}, stops }: CommandContext,
): Promise<{ readonly env: Environment; readonly access: HubAccess }> {
  if (!isHubId(id)) throw new RequestError(`${quote(id)} is not a name of a repository; write it as owner/name`);
  requireRevision(id, revision);
  const env = hub.env ?? readEnvironment(), signal = stops?.(), warn = noteTo(terminalEvents(terminal));
  const options: AccessOptions = { ...hub, warn, ...signal === undefined ? {} : { signal } };
  return { env, access: await hubAccess(env, options) };
}

/**
 * The names among a repository's files that make up an intervention, Refract's or pyreft's.
 *
 * @throws {RequestError} If they don't.
 */
export function interventionFiles({ id, paths }: Pick<Repository, "id" | "paths">): readonly string[] {
  const { description, tensors } = interventionFileNames, cards = paths.filter((path) => path === card);
  if (paths.includes(description)) {
    if (paths.includes(tensors)) return [description, tensors, ...cards];
    throw new RequestError(`${id} has ${description} and no ${tensors}; choose another revision, or push it again`);
  }
  const states = paths.filter(isStateFile);
  if (states.length > 0 && paths.includes("config.json")) return ["config.json", ...states, ...cards];
  throw new RequestError(
    `${id} holds no intervention, neither ${description} nor pyreft's files; choose another (a base model needs no pull)`,
  );
}
