/** `deno task pull`. @module */
import { join } from "node:path";
import { requireSoundTensors } from "../../compile/parameters/initial.ts";
import { interventionFileNames, readDescription } from "../../compile/parameters/intervention_file.ts";
import { hubCache, isOffline } from "../../models/hub/access.ts";
import { cachedCommit, cachedRepository, partsOf } from "../../models/hub/cache.ts";
import { removeDamaged } from "../../models/hub/damaged_blobs.ts";
import type { Repository } from "../../models/hub/files.ts";
import { requireOnline } from "../../models/hub/folder.ts";
import { bytesProgress } from "../../schedule/context/work.ts";
import { callerPath } from "../requests/caller_paths.ts";
import { command, type CommandContext } from "../arguments/command.ts";
import { card, type HubTarget, interventionFiles, isInterventionFile, reachHub } from "./hub_intervention.ts";
import { required, text, withDefault } from "../arguments/option.ts";
import { writeFolder } from "../requests/output_folder.ts";
import { terminalEvents } from "../terminal/event_lines.ts";

/** Downloads an intervention into a folder, through the shared cache. */
export const pullCommand = command({
  name: "pull",
  summary: "Downloads an intervention from the Hugging Face hub.",
  parameters: [{ name: "owner/name", help: "the repository" }],
  options: {
    revision: withDefault(text("revision"), "a branch, tag or commit", "main"),
    out: required(text("folder"), "where to write its files"),
  },
  examples: ["pull someone/arc-easy --out pulled"],
  run: ([id], { revision, out }, context) => pull({ id, revision }, callerPath(out), context),
});

async function pull({ id, revision }: HubTarget, out: string, context: CommandContext): Promise<void> {
  const { terminal } = context, { env, access } = await reachHub({ id, revision }, context);
  const repository = cachedRepository(hubCache(env), "model", id), parts = partsOf(repository);
  let names: readonly string[] = [], commit: string | undefined;
  if (isOffline(env)) {
    commit = await cachedCommit(repository, revision);
    if (commit === undefined) return requireOnline({ kind: "model", id, revision }, undefined, repository, env);
    const paths = Array.from(Deno.readDirSync(parts.snapshot(commit)), ({ name }) => name);
    names = interventionFiles({ id, paths });
    await removeDamaged(parts.snapshot(commit), names, env);
  } else {
    const { downloadSnapshot } = await import("../../models/hub/snapshot.ts");
    const progress = bytesProgress(terminalEvents(terminal), "download");
    const choose = (there: Repository) => Promise.resolve(names = interventionFiles(there));
    const usual = [interventionFileNames.description, interventionFileNames.tensors, card];
    const download = () =>
      downloadSnapshot({ kind: "model", id, revision, usual, choose, progress }, repository, access);
    commit = await download();
    // What an earlier pull, or another program, left in the cache.
    if ((await removeDamaged(parts.snapshot(commit), names, env, access.warn)).length > 0) commit = await download();
  }
  const snapshot = parts.snapshot(commit);
  if (names.includes(interventionFileNames.description)) {
    await readDescription(snapshot);
    await requireSoundTensors(join(snapshot, interventionFileNames.tensors));
  }
  await writeFolder(out, async (temporary) => {
    for (const name of names) await Deno.copyFile(join(snapshot, name), join(temporary, name));
  }, isInterventionFile);
  terminal.print(`${names.join(", ")} in ${out}`);
}
