/** `deno task push` and `deno task pull`. @module */
import { basename, join } from "node:path";
import { elementCount } from "../../ops/program/dimension.ts";
import { interventionFileNames, readDescription } from "../compile/parameters/intervention_file.ts";
import { RequestError } from "../common/errors.ts";
import { readFileIfPresent, readJsonObject } from "../common/files.ts";
import {
  type AccessOptions,
  hubAccess,
  hubCache,
  isOffline,
  readEnvironment,
  shownEndpoint,
} from "../models/hub/access.ts";
import { cachedCommit, cachedModel, partsOf } from "../models/hub/cache.ts";
import type { Repository } from "../models/hub/files.ts";
import { requireOnline, requireRevision } from "../models/hub/folder.ts";
import { readHeader } from "../models/weights/safetensors.ts";
import { isHubId } from "../models/source.ts";
import { modelCard } from "../report/model_card.ts";
import type { Results } from "../results/results.ts";
import { downloadProgress } from "../schedule/context/run_context.ts";
import { quote } from "../common/suggest.ts";
import { interventionFolder, runOf } from "./intervention_folder.ts";
import { callerPath } from "./load_pipeline.ts";
import { writeFolder } from "./output_folder.ts";
import type { RunControl } from "./run_command.ts";
import { type Terminal, terminalProgress } from "./terminal.ts";

const card = "README.md";

/** The options of a push. */
export interface PushOptions {
  readonly member?: string;
  readonly revision: string;
  readonly private?: boolean;
}

/** Uploads an intervention's folder, or one that was exported, with a model card. */
export async function pushCommand(
  path: string,
  id: string,
  options: PushOptions,
  terminal: Terminal,
  control: RunControl,
): Promise<void> {
  requireId(id);
  requireRevision(id, options.revision);
  const { env, access } = await reach(terminal, control);
  const { folder, names } = await pushedFolder(callerPath(path), options.member);
  if (isOffline(env)) throw new RequestError(`HF_HUB_OFFLINE forbids to push ${id}; unset it`);
  const files: Record<string, Blob> = {};
  for (const name of names) files[name] = new Blob([await Deno.readFile(join(folder, name))]);
  files[card] ??= new Blob([await cardOf(folder, id)]);
  const { pushFiles } = await import("../models/hub/push.ts");
  const { revision, private: isPrivate = false } = options;
  const commit = await pushFiles({ id, revision, isPrivate, files, title: `Add ${basename(folder)}` }, access);
  terminal.print(`${Object.keys(files).join(", ")} in ${shownEndpoint(access)}/${id}, commit ${commit.slice(0, 8)}`);
}

/** The options of a pull. */
export interface PullOptions {
  readonly revision: string;
  readonly out: string;
}

/** Downloads an intervention into a folder, by way of the shared cache. */
export async function pullCommand(
  id: string,
  options: PullOptions,
  terminal: Terminal,
  control: RunControl,
): Promise<void> {
  requireId(id);
  requireRevision(id, options.revision);
  const { env, access } = await reach(terminal, control), { revision } = options, out = callerPath(options.out);
  const repository = cachedModel(hubCache(env), id), parts = partsOf(repository);
  let names: readonly string[] = [], commit: string | undefined;
  if (isOffline(env)) {
    commit = await cachedCommit(repository, revision);
    if (commit === undefined) return requireOnline(id, revision, undefined, repository, env);
    const paths = Array.from(Deno.readDirSync(parts.snapshot(commit)), ({ name }) => name);
    names = interventionFiles({ id, paths });
  } else {
    const { downloadSnapshot } = await import("../models/hub/snapshot.ts");
    const progress = downloadProgress(terminalProgress(terminal));
    const choose = (there: Repository) => Promise.resolve(names = interventionFiles(there));
    const usual = [interventionFileNames.description, interventionFileNames.tensors, card];
    commit = await downloadSnapshot({ id, revision, usual, choose, progress }, repository, access);
  }
  const snapshot = parts.snapshot(commit);
  if (names.includes(interventionFileNames.description)) {
    await readDescription(snapshot);
    await readHeader(join(snapshot, interventionFileNames.tensors));
  }
  await writeFolder(out, async (temporary) => {
    for (const name of names) await Deno.copyFile(join(snapshot, name), join(temporary, name));
  });
  terminal.print(`${names.join(", ")} in ${out}`);
}

async function reach(terminal: Terminal, { hub = {}, stops }: RunControl) {
  const env = hub.env ?? readEnvironment(), signal = stops?.(), { warn } = terminalProgress(terminal);
  const options: AccessOptions = { ...hub, warn, ...signal === undefined ? {} : { signal } };
  return { env, access: await hubAccess(env, options) };
}

function requireId(id: string): void {
  if (isHubId(id)) return;
  throw new RequestError(`${quote(id)} is no name of a repository; write it as owner/name`);
}

/** Of a repository's files those of an intervention, Refract's or pyreft's. */
function interventionFiles({ id, paths }: Pick<Repository, "id" | "paths">): readonly string[] {
  const { description, tensors } = interventionFileNames, cards = paths.filter((path) => path === card);
  if (paths.includes(description)) {
    if (paths.includes(tensors)) return [description, tensors, ...cards];
    throw new RequestError(`${id} has ${description} and no ${tensors}; choose another revision, or push it again`);
  }
  const states = paths.filter(isPyreftState);
  if (states.length > 0 && paths.includes("config.json")) return ["config.json", ...states, ...cards];
  throw new RequestError(
    `${id} holds no intervention, neither ${description} nor pyreft's files; choose another (a base model needs no pull)`,
  );
}

const isPyreftState = (name: string) => /^intkey_.*\.bin$/.test(name);

/** The folder that is meant, and the files in it that make up an intervention. */
async function pushedFolder(
  path: string,
  member: string | undefined,
): Promise<{ readonly folder: string; readonly names: readonly string[] }> {
  const paths = await namesIn(path).catch((): string[] => []);
  const isExported = member === undefined && paths.some(isPyreftState) &&
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
  return { folder, names: interventionFiles({ id: folder, paths: there }) };
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}

async function cardOf(folder: string, id: string): Promise<string> {
  const exported = await readFileIfPresent(join(folder, interventionFileNames.description)) === undefined;
  if (exported) return `# ${id.slice(id.indexOf("/") + 1)}\n\nAn intervention as pyreft's ReftModel.save writes it.\n`;
  const { tensors } = await readHeader(join(folder, interventionFileNames.tensors));
  const parameters = [...tensors.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);
  return modelCard({ id, description: await readDescription(folder), parameters, member: await memberOf(folder) });
}

/** What results.json says of the member that an intervention's folder lies in. */
async function memberOf(folder: string): Promise<Results["members"][number] | undefined> {
  const within = runOf(folder);
  if (within === undefined) return undefined;
  const results = await readJsonObject(join(within.run, "results.json"), "run the pipeline again");
  const members = results?.["members"] as Results["members"] | undefined;
  return members?.find(({ id }) => id === within.member);
}
