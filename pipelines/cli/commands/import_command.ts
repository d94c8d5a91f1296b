/** `deno task import`. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { join } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { writeAtomically } from "../../common/files.ts";
import type { Adaptation } from "../../compile/lower/adaptation.ts";
import { positionsOf } from "../../compile/lower/positions.ts";
import { readTensors } from "../../compile/parameters/initial.ts";
import { withDigests } from "../../compile/parameters/description_digest.ts";
import { describeAll, interventionFileNames } from "../../compile/parameters/intervention_file.ts";
import { readPyreftFolder } from "../../interchange/pyreft.ts";
import { openBareModel } from "../../models/open/model.ts";
import { writeSealed } from "../../models/weights/safetensors_writer.ts";
import { callerFolder, callerPath, storeFolder } from "../requests/caller_paths.ts";
import { command } from "../arguments/command.ts";
import { choice, optional, type OptionValues, required, text } from "../arguments/option.ts";
import { writeFolder } from "../requests/output_folder.ts";
import { adaptationsOf } from "../requests/stored_intervention.ts";
import type { Terminal } from "../terminal/terminal.ts";

const declared = {
  model: required(text("base"), "the base model: a Hugging Face id, a folder, a .gguf file or builtin:NAME"),
  out: required(text("folder"), "where to write intervention.json and weights.safetensors"),
  positions: optional(text("text"), "the tokens that are edited, as in f7+l7; pyreft's folder does not say"),
  short: optional(choice("rule", ["paper", "pyreft"]), "how prompts too short for them are edited (default: paper)"),
};

/** Makes an intervention's folder of one that pyreft saved. */
export const importCommand = command({
  name: "import",
  summary: "Makes an intervention's folder of one that pyreft saved.",
  parameters: [{ name: "pyreft folder", help: "a folder that ReftModel.save wrote" }],
  options: declared,
  examples: ["import saved --model HuggingFaceTB/SmolLM2-135M-Instruct --positions f7+l7 --out imported"],
  run: ([path], options, { terminal }) => importPyreft(path, options, terminal),
});

async function importPyreft(
  path: string,
  options: OptionValues<typeof declared>,
  terminal: Terminal,
): Promise<void> {
  const folder = callerPath(path), out = callerPath(options.out);
  if (options.positions !== undefined) positionsOf(options.positions);
  const { architecture } = await openBareModel(options.model, {
    base: callerFolder(),
    store: storeFolder(undefined),
  });
  const { interventions, tensors } = await readPyreftFolder(folder, architecture, options.positions);
  const short = options.short === undefined ? {} : { short: options.short };
  const listedAs = interventions.map((each) => ({ ...each, ...short }));
  const description = { base: options.model, width: architecture.width, interventions: listedAs };
  const adaptations = adaptationsOf({ description, file: join(folder, "config.json") }, architecture);
  const listed = adaptations.flatMap(({ index, tensors: roles }) =>
    Object.entries(roles).map(([tensor, { shape }]) => {
      const name = `${index}.${tensor}`;
      return { name, shape, data: ownValue(tensors, name)!.data as Float32Array };
    })
  );
  await writeFolder(out, async (temporary) => {
    const weights = join(temporary, interventionFileNames.tensors),
      text = describeAll(options.model, architecture.width, adaptations);
    const described = withDigests(text, await writeSealed(weights, listed, { format: "pt" }));
    await writeAtomically(join(temporary, interventionFileNames.description), [new TextEncoder().encode(described)]);
    await requireUsable(weights, adaptations, folder);
  });
  if (options.positions === undefined) {
    terminal.write(
      `pyreft's folders do not say which tokens are edited: ${interventions[0]!["positions"]} is assumed; ` +
        "give others with --positions or saved(folder, { positions })\n",
    );
  }
  if (adaptations.some(({ tensors }) => Object.values(tensors).some(({ isUnread }) => isUnread))) {
    terminal.write(
      "proj_layer.bias of a NodireftIntervention is read by no formula, pyreft's neither; it is kept as it is\n",
    );
  }
  terminal.print(`${interventions.length} interventions in ${out}`);
}

/** Requires that what was imported can be read where it is used. */
async function requireUsable(weights: string, adaptations: readonly Adaptation[], source: string): Promise<void> {
  try {
    await readTensors(weights, adaptations);
  } catch (error) {
    throw error instanceof RequestError ? new RequestError(error.problem, { file: source }).causedBy(error) : error;
  }
}
