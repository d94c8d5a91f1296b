/** `deno task export --to pyreft`. @module */
import { counted } from "../../common/counted.ts";
import { join } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { type JsonObject, writeAtomically } from "../../common/files.ts";
import { atLocation } from "../../common/source_location.ts";
import { interventionsOf } from "../../compile/lower/adaptation.ts";
import { readTensors } from "../../compile/parameters/initial.ts";
import { formOf, type InterventionDescription } from "../../compile/parameters/intervention_file.ts";
import { type PyreftContent, pyreftContent } from "../../interchange/pyreft.ts";
import { pyreftReadme } from "../../interchange/pyreft_readme.ts";
import { isStateFile } from "../../interchange/pyreft_config.ts";
import { writeTorchFile } from "../../interchange/torch_file.ts";
import type { EditedModel } from "../../models/architecture/architecture.ts";
import { readHeader } from "../../models/weights/safetensors.ts";
import { callerPath } from "../requests/caller_paths.ts";
import { namesIn } from "../../common/folder_names.ts";
import { writeFolder } from "../requests/output_folder.ts";
import { adaptationsOf, findIntervention } from "../requests/stored_intervention.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** The options of an export to pyreft. */
interface ExportPyreftOptions {
  readonly member: string | undefined;
  readonly out: string;
}

/** Writes a trained or imported intervention as a pyreft folder. */
export async function exportPyreft(
  path: string,
  { member, out: folder }: ExportPyreftOptions,
  terminal: Terminal,
): Promise<void> {
  const stored = await findIntervention(path, member), { description, file } = stored, out = callerPath(folder);
  description.interventions.forEach((each) => requireEdit(each, file));
  const adaptations = adaptationsOf(
    { description: withoutFunctions(description), file },
    await editedModel(description, stored.tensors),
  );
  const interventions = interventionsOf(adaptations);
  const tensors = await readTensors(stored.tensors, adaptations);
  const content = atLocation({ file }, () => pyreftContent(interventions, tensors));
  await writePyreftFolder(out, content, pyreftReadme(description));
  const count = interventions.length;
  terminal.print(`${counted(count, "intervention")} in ${out}`);
}

/** The description with any selectors in place of functions: a pyreft folder records neither. */
function withoutFunctions(description: InterventionDescription): InterventionDescription {
  const interventions = description.interventions.map((each) => {
    const { subspace, ...others } = each["positions"] === null ? { ...each, positions: "all" } : each;
    return subspace === null || subspace === undefined ? others : { ...others, subspace };
  });
  return { ...description, interventions };
}

/** Requires that an adaptation can be written to a pyreft folder: an edit of a whole representation. */
function requireEdit(listed: JsonObject, file: string): void {
  const { kind, head, block, site } = listed;
  if (head !== undefined || formOf(listed) !== "intervention") {
    const name = typeof kind === "string" ? kind.slice(0, 60) : "this adaptation";
    const what = head === undefined ? name : "an edit of one head";
    throw new RequestError(`a pyreft folder cannot hold ${what}; export an edit`, { file });
  }
  const isBlock = block === null || Number.isSafeInteger(block) && (block as number) >= 0;
  if (!isBlock || typeof site !== "string") {
    throw new RequestError("has an intervention without a valid block or site; train or import it again", { file });
  }
  if (/^(encoder|decoder)\./.test(site)) {
    throw new RequestError(`a pyreft folder cannot hold an edit of ${site}; export an edit of a decoder-only model`, {
      file,
    });
  }
}

/** What the tensors reveal about the model that they were trained for, so that it is not needed. */
async function editedModel({ width, interventions }: InterventionDescription, weights: string): Promise<EditedModel> {
  const { tensors } = await readHeader(weights);
  const sites = interventions.map(({ index, site }) => {
    const shape = tensors.get(`${index}.rotate`)?.shape ?? tensors.get(`${index}.proj`)?.shape.toReversed() ?? [];
    return [site, { width: shape[0] ?? width }] as const;
  });
  const blocks = 1 + Math.max(...interventions.map(({ block }) => Number(block)));
  return { width, blocks, sites: Object.fromEntries(sites) };
}

async function writePyreftFolder(out: string, { config, states }: PyreftContent, readme: string): Promise<void> {
  const names = await namesIn(out), other = names.find((name) => isStateFile(name) && !Object.hasOwn(states, name));
  if (other !== undefined) {
    throw new RequestError("belongs to another export and not to this intervention; give --out another folder", {
      file: join(out, other),
    });
  }
  await writeFolder(out, async (temporary) => {
    for (const [name, state] of Object.entries(states)) {
      await writeTorchFile(join(temporary, name), name.slice(0, -".bin".length), state);
    }
    const encoder = new TextEncoder();
    await writeAtomically(join(temporary, "config.json"), [encoder.encode(config)]);
    await writeAtomically(join(temporary, "README.md"), [encoder.encode(readme)]);
  }, isStateFile);
}
