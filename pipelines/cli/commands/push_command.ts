/** `deno task push`. @module */
import { putValue } from "../../../ops/program/own_value.ts";
import { basename, join } from "node:path";
import { elementCount } from "../../../ops/program/dimension.ts";
import { RequestError } from "../../common/errors.ts";
import { readFileIfPresent, readJsonObject } from "../../common/files.ts";
import { requireSoundTensors } from "../../compile/parameters/initial.ts";
import { interventionFileNames, readDescription } from "../../compile/parameters/intervention_file.ts";
import { isStateFile } from "../../interchange/pyreft_config.ts";
import { readTorchFile } from "../../interchange/torch_file.ts";
import { isOffline, shownEndpoint } from "../../models/hub/access.ts";
import { readHeader } from "../../models/weights/safetensors.ts";
import { modelCard } from "../../report/model_card.ts";
import { readResults } from "../../results/read_results.ts";
import { formatSize } from "../../common/size.ts";
import type { Results } from "../../results/results.ts";
import { callerPath } from "../requests/caller_paths.ts";
import { command, type CommandContext } from "../arguments/command.ts";
import { member } from "../arguments/common_options.ts";
import { namesIn } from "../../common/folder_names.ts";
import { card, type HubTarget, interventionFiles, reachHub } from "./hub_intervention.ts";
import { interventionFolder, runOf } from "../requests/intervention_folder.ts";
import { flag, text, withDefault } from "../arguments/option.ts";

/** Uploads an intervention's folder, or an exported one, with a model card. */
export const pushCommand = command({
  name: "push",
  summary: "Uploads an intervention to the Hugging Face hub, with a model card.",
  parameters: [
    { name: "folder", help: "the folder of a run, a member or an intervention, or an exported one" },
    { name: "owner/name", help: "the repository, which is created if it does not exist" },
  ],
  options: {
    member,
    revision: withDefault(text("branch"), "the branch, which is created if it does not exist", "main"),
    private: flag("creates a private repository"),
  },
  examples: ["push runs/arc-easy/first someone/arc-easy --member rank=4 --private"],
  run: ([path, id], { member, revision, private: isPrivate }, context) =>
    push({ path, member, id, revision, isPrivate }, context),
});

interface Push extends HubTarget {
  readonly path: string;
  readonly member: string | undefined;
  readonly isPrivate: boolean;
}

async function push({ path, member, id, revision, isPrivate }: Push, context: CommandContext): Promise<void> {
  const { env, access } = await reachHub({ id, revision }, context);
  const { folder, names } = await pushedFolder(callerPath(path), member);
  if (isOffline(env)) throw new RequestError(`HF_HUB_OFFLINE forbids pushing ${id}; unset it`);
  const files: Record<string, Blob> = {};
  for (const name of names) putValue(files, name, new Blob([await Deno.readFile(join(folder, name))]));
  files[card] ??= new Blob([await cardOf(folder, id)]);
  const listed = Object.entries(files).map(([name, { size }]) => `${name} (${formatSize(size)})`).join(", ");
  context.terminal.write(`pushes ${listed} of ${folder} to ${shownEndpoint(access)}/${id}, branch ${revision}\n`);
  const { pushFiles } = await import("../../models/hub/push.ts");
  const commit = await pushFiles({ id, revision, isPrivate, files, title: `Add ${basename(folder)}` }, access);
  const written = Object.keys(files).join(", ");
  context.terminal.print(`${written} in ${shownEndpoint(access)}/${id}, commit ${commit.slice(0, 8)}`);
}

/** The folder that a path refers to, and the files in it that make up an intervention. */
async function pushedFolder(
  path: string,
  member: string | undefined,
): Promise<{ readonly folder: string; readonly names: readonly string[] }> {
  const paths = await namesIn(path);
  const isExported = member === undefined && paths.some(isStateFile) &&
    !paths.includes(interventionFileNames.description);
  const folder = isExported ? path : await interventionFolder(path, member);
  const there = await namesIn(folder);
  for (const name of isExported ? ["config.json"] : [interventionFileNames.tensors]) {
    if (!there.includes(name)) {
      throw new RequestError(`there is no ${name}; ${isExported ? "export" : "train or import"} it again`, {
        file: folder,
      });
    }
  }
  const names = interventionFiles({ id: folder, paths: there });
  for (const name of names) await requireRegular(join(folder, name));
  if (isExported) {
    await readJsonObject(join(folder, "config.json"), "export it again");
    for (const name of names.filter(isStateFile)) await readTorchFile(join(folder, name));
  } else {
    await readDescription(folder);
    await requireSoundTensors(join(folder, interventionFileNames.tensors));
  }
  return { folder, names };
}

/** Requires that a file is not a link, which may lead to something that nobody means to publish. */
async function requireRegular(file: string): Promise<void> {
  const { isFile, isSymlink } = await Deno.lstat(file);
  if (isFile) return;
  const what = isSymlink ? "a symbolic link" : "not a regular file";
  throw new RequestError(`is ${what}, but only regular files in the folder are pushed; replace it with a copy`, {
    file,
  });
}

async function cardOf(folder: string, id: string): Promise<string> {
  const exported = await readFileIfPresent(join(folder, interventionFileNames.description)) === undefined;
  if (exported) return `# ${id.slice(id.indexOf("/") + 1)}\n\nAn intervention as pyreft's ReftModel.save writes it.\n`;
  const { tensors } = await readHeader(join(folder, interventionFileNames.tensors));
  const parameters = [...tensors.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);
  return modelCard({ id, description: await readDescription(folder), parameters, member: await memberOf(folder) });
}

/** The results of the member whose folder contains an intervention's. */
async function memberOf(folder: string): Promise<Results["members"][number] | undefined> {
  const within = runOf(folder);
  if (within === undefined) return undefined;
  return (await readResults(within.run))?.members.find(({ id }) => id === within.member);
}
