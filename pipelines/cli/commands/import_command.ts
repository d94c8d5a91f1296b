/** `deno task import`. @module */
import { requireFolder } from "../../common/files.ts";
import { join } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { namesIn } from "../../common/folder_names.ts";
import { positionsOf } from "../../compile/lower/positions.ts";
import { interventionFileNames } from "../../compile/parameters/intervention_file.ts";
import { peftFiles } from "../../interchange/peft/names.ts";
import { isPeftFolder, readPeftConfig } from "../../interchange/peft/config.ts";
import { readPeftFolder } from "../../interchange/peft/read.ts";
import { readPyreftFolder } from "../../interchange/pyreft.ts";
import { readLists } from "../../interchange/pyreft_config.ts";
import { openBareModel } from "../../models/open/model.ts";
import { callerFolder, callerPath, storeFolder } from "../requests/caller_paths.ts";
import { command } from "../arguments/command.ts";
import { choice, optional, type OptionValues, required, text } from "../arguments/option.ts";
import { writeImported } from "./imported_folder.ts";
import { counted } from "../../common/counted.ts";
import type { Terminal } from "../terminal/terminal.ts";

const declared = {
  model: optional(
    text("base"),
    "the base model: a Hugging Face id, a folder, a .gguf file or builtin:NAME (peft: default, the adapter's own)",
  ),
  out: required(text("folder"), "where to write intervention.json and weights.safetensors"),
  positions: optional(text("text"), "pyreft: the edited tokens, as in f7+l7, which its folder does not record"),
  short: optional(
    choice("rule", ["paper", "pyreft"]),
    "pyreft: how prompts that are too short for the positions are edited (default: paper)",
  ),
};

/** Converts a folder saved by pyreft or peft into an intervention. */
export const importCommand = command({
  name: "import",
  summary: "Converts a folder saved by pyreft or peft into an intervention.",
  parameters: [{
    name: "folder",
    help: "a folder written by pyreft's ReftModel.save or peft's save_pretrained",
  }],
  options: declared,
  examples: [
    "import saved --model HuggingFaceTB/SmolLM2-135M-Instruct --positions f7+l7 --out imported",
    "import adapter --out imported",
  ],
  run: async ([path], options, { terminal }) => {
    const folder = callerPath(path);
    await requireFolder(folder, "the folder that pyreft or peft saved, unpacked if it is an archive");
    const isPeft = await isPeftFolder(folder), others = await adaptersIn(folder);
    if (others.length > 0 && !isPeft) {
      throw new RequestError(`holds peft's adapters in other folders; give one of them: ${others.join(" ")}`, {
        file: folder,
      });
    }
    await (isPeft ? importPeft : importPyreft)(folder, options, terminal);
    if (others.length > 0) terminal.write(`not imported: the adapters in its folders ${others.join(" ")}\n`);
  },
});

/** The folders in a folder that peft saved: a training's checkpoints, or adapters that a model has besides its first. */
async function adaptersIn(folder: string): Promise<readonly string[]> {
  const names = [...await namesIn(folder)].sort(new Intl.Collator("en", { numeric: true }).compare);
  const found = await Promise.all(names.map(async (name) => await isPeftFolder(join(folder, name)) ? [name] : []));
  return found.flat();
}

/** Requires a folder that pyreft saved, and not an intervention of Refract's. */
async function requirePyreft(folder: string): Promise<void> {
  const names = await namesIn(folder);
  if (names.includes(interventionFileNames.description) && !names.includes("config.json")) {
    throw new RequestError("is an intervention already; use it as it is, as in saved(folder)", { file: folder });
  }
  await readLists(folder);
}

/** A base model's config, which is all that an import reads of it. */
function openBase(source: string) {
  return openBareModel(source, { base: callerFolder(), store: storeFolder(undefined) });
}

async function importPeft(
  folder: string,
  { model, out, positions, short }: OptionValues<typeof declared>,
  terminal: Terminal,
): Promise<void> {
  if (positions !== undefined || short !== undefined) {
    throw new RequestError(
      `--${
        positions === undefined ? "short" : "positions"
      } is for pyreft folders; omit it, because peft's adapters act on ` +
        "every token",
    );
  }
  const config = await readPeftConfig(folder), base = model ?? config.base;
  if (base === undefined) {
    throw new RequestError(`${peftFiles.config} names no base model; give it with --model`, { file: folder });
  }
  const { architecture } = await openBase(base).catch((fault: unknown) => {
    if (model !== undefined || !(fault instanceof RequestError)) throw fault;
    throw new RequestError(`${fault.message} (${peftFiles.config} names it; --model gives another)`).causedBy(fault);
  });
  const { interventions, tensors } = await readPeftFolder(folder, config, architecture);
  const adaptations = await writeImported(callerPath(out), {
    ...{ base, architecture, interventions, tensors },
    source: folder,
  });
  for (const note of config.notes) terminal.write(`${note}\n`);
  if (config.base !== undefined && config.base !== base) {
    terminal.write(`the adapter was trained on ${config.base}, but is imported for ${base}\n`);
  }
  terminal.print(`${counted(adaptations.length, "adaptation")} in ${callerPath(out)}`);
}

async function importPyreft(
  folder: string,
  { model, out: path, positions, short }: OptionValues<typeof declared>,
  terminal: Terminal,
): Promise<void> {
  const out = callerPath(path);
  if (positions !== undefined) positionsOf(positions);
  await requirePyreft(folder);
  if (model === undefined) {
    throw new RequestError("a pyreft folder does not name its base model; give it with --model");
  }
  const { architecture } = await openBase(model);
  const { interventions, tensors } = await readPyreftFolder(folder, architecture, positions);
  const listedAs = interventions.map((each) => ({ ...each, ...short === undefined ? {} : { short } }));
  const adaptations = await writeImported(out, {
    ...{ base: model, architecture, interventions: listedAs, tensors },
    source: folder,
  });
  if (positions === undefined) {
    terminal.write(
      `a pyreft folder does not say which tokens are edited; ${interventions[0]!["positions"]} is assumed; ` +
        "give others with --positions or saved(folder, { positions })\n",
    );
  }
  if (adaptations.some(({ tensors }) => Object.values(tensors).some(({ isUnread }) => isUnread))) {
    terminal.write(
      "proj_layer.bias of a NodireftIntervention is not used, in pyreft either; it is kept as it is\n",
    );
  }
  terminal.print(`${counted(interventions.length, "intervention")} in ${out}`);
}
