/** `deno task import`, and `deno task export --to pyreft`. @module */
import { join } from "node:path";
import { type Adaptation, interventionsOf, lowerAdaptations } from "../compile/lower/adaptations.ts";
import { readTensors } from "../compile/parameters/initial.ts";
import {
  describeAll,
  type InterventionDescription,
  interventionFileNames,
  lowerDescription,
  readDescription,
} from "../compile/parameters/intervention_file.ts";
import { positionsOf } from "../compile/lower/positions.ts";
import { RequestError } from "../common/errors.ts";
import { type PyreftContent, pyreftContent, readPyreftFolder } from "../interchange/pyreft.ts";
import { writeTorchFile } from "../interchange/torch_file.ts";
import { type JsonObject, writeAtomically } from "../common/files.ts";
import type { EditedModel } from "../models/architecture.ts";
import { openModel } from "../models/model.ts";
import { readHeader, writeSafetensors } from "../models/weights/safetensors.ts";
import { checkedAdaptation } from "../schedule/prepare/validate.ts";
import { storeFolder } from "./cache_command.ts";
import { interventionFolder } from "./intervention_folder.ts";
import { callerFolder, callerPath } from "./load_pipeline.ts";
import { writeFolder } from "./output_folder.ts";
import type { Terminal } from "./terminal.ts";

/** The options of an import. */
export interface ImportOptions {
  readonly model: string;
  readonly out: string;
  readonly positions?: string;
}

/** Makes an intervention's folder of one that pyreft saved. */
export async function importCommand(path: string, options: ImportOptions, terminal: Terminal): Promise<void> {
  const folder = callerPath(path), out = callerPath(options.out);
  if (options.positions !== undefined) positionsOf(options.positions);
  const { architecture } = await openModel(options.model, {
    base: callerFolder(),
    store: storeFolder(undefined),
  });
  const { interventions, tensors } = await readPyreftFolder(folder, architecture, options.positions);
  const base = { base: options.model, width: architecture.width, interventions };
  const adaptations = lowerStored(base, architecture, join(folder, "config.json"));
  const listed = adaptations.flatMap(({ index, tensors: roles }) =>
    Object.entries(roles).map(([tensor, { shape }]) => {
      const name = `${index}.${tensor}`;
      return { name, shape, data: tensors[name]!.data as Float32Array };
    })
  );
  await writeFolder(out, async (temporary) => {
    const weights = join(temporary, interventionFileNames.tensors),
      text = describeAll(options.model, architecture.width, adaptations);
    await writeSafetensors(weights, listed, { format: "pt" });
    await writeAtomically(join(temporary, interventionFileNames.description), [new TextEncoder().encode(text)]);
    await requireUsable(weights, adaptations, folder);
  });
  if (options.positions === undefined) {
    terminal.write(
      `pyreft's folders do not say which tokens are edited: ${interventions[0]!["positions"]} is assumed; ` +
        "give others with --positions or saved(folder, { positions })\n",
    );
  }
  terminal.print(`${interventions.length} interventions in ${out}`);
}

/** Sees that what was imported can be read where it is used. */
async function requireUsable(weights: string, adaptations: readonly Adaptation[], source: string): Promise<void> {
  try {
    await readTensors(weights, adaptations);
  } catch (error) {
    throw error instanceof RequestError ? new RequestError(error.problem, { file: source }).causedBy(error) : error;
  }
}

/** The options of an export. */
export interface ExportOptions {
  readonly to: "pyreft" | "onnx";
  readonly member?: string;
  readonly out: string;
}

/** Makes a folder as pyreft saves it of a trained or imported intervention. */
export async function exportPyreftCommand(path: string, options: ExportOptions, terminal: Terminal): Promise<void> {
  const folder = await interventionFolder(callerPath(path), options.member), out = callerPath(options.out);
  const file = join(folder, interventionFileNames.description), weights = join(folder, interventionFileNames.tensors);
  const description = await readDescription(folder);
  description.interventions.forEach((stored) => requireEdit(stored, file));
  const adaptations = lowerStored(description, await editedModel(description, weights), file);
  const interventions = interventionsOf(adaptations);
  const tensors = await readTensors(weights, adaptations);
  const content = placing(file, () => pyreftContent(interventions, tensors));
  await writePyreftFolder(out, content);
  terminal.print(`${interventions.length} interventions in ${out}`);
}

/** Sees that an adaptation is what pyreft's folders can hold: an edit of a whole representation. */
function requireEdit({ kind, module, head, block, site }: JsonObject, file: string): void {
  const isOther = kind === "prefixTuning" || kind === "classification" || kind === "regression";
  if (module !== undefined || head !== undefined || isOther) {
    const name = typeof kind === "string" ? kind.slice(0, 60) : "such adaptation";
    const what = head === undefined ? name : "edit of one head";
    throw new RequestError(`pyreft's folders hold no ${what}; export an edit`, { file });
  }
  const isBlock = block === null || Number.isSafeInteger(block) && (block as number) >= 0;
  if (!isBlock || typeof site !== "string") {
    throw new RequestError("has an intervention whose block or site is none; train or import it again", { file });
  }
  if (/^(encoder|decoder)\./.test(site)) {
    throw new RequestError(`pyreft's folders hold no edit of ${site}; export one of a model of one stack`, { file });
  }
}

function lowerStored(description: InterventionDescription, architecture: EditedModel, file: string): Adaptation[] {
  return placing(file, () => {
    const adaptations = lowerDescription(description, architecture, checkedAdaptation);
    return lowerAdaptations([{ kind: "saved", adaptations: adaptations, initial: file }], architecture);
  });
}

/** What an action does, with the file that it is about named in what it refuses. */
function placing<T>(file: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof RequestError ? error.at({ file }) : error;
  }
}

/** What the tensors tell of the model that they were trained for, so that it need not be at hand. */
async function editedModel({ width, interventions }: InterventionDescription, weights: string): Promise<EditedModel> {
  const { tensors } = await readHeader(weights);
  const sites = interventions.map(({ index, site }) => {
    const shape = tensors.get(`${index}.rotate`)?.shape ?? tensors.get(`${index}.proj`)?.shape.toReversed() ?? [];
    return [site, { width: shape[0] ?? width }] as const;
  });
  const blocks = 1 + Math.max(...interventions.map(({ block }) => Number(block)));
  return { width, blocks, sites: Object.fromEntries(sites) };
}

async function writePyreftFolder(out: string, { config, states }: PyreftContent): Promise<void> {
  const others = await readNames(out).then((names) => names.filter((name) => /^intkey_.*\.bin$/.test(name)));
  const other = others.find((name) => !Object.hasOwn(states, name));
  if (other !== undefined) {
    throw new RequestError("is another export's and would belong to no intervention; give --out another folder", {
      file: join(out, other),
    });
  }
  await writeFolder(out, async (temporary) => {
    for (const [name, state] of Object.entries(states)) {
      await writeTorchFile(join(temporary, name), name.slice(0, -".bin".length), state);
    }
    await writeAtomically(join(temporary, "config.json"), [new TextEncoder().encode(config)]);
  });
}

async function readNames(folder: string): Promise<string[]> {
  return await Array.fromAsync(Deno.readDir(folder), ({ name }) => name).catch(() => []);
}
