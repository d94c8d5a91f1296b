/** `deno task export --to peft`. @module */
import { join } from "node:path";
import { writeAtomically } from "../../common/files.ts";
import { atLocation } from "../../common/source_location.ts";
import { readTensors } from "../../compile/parameters/initial.ts";
import { peftFiles } from "../../interchange/peft/names.ts";
import { peftContent } from "../../interchange/peft/write.ts";
import { writeSafetensors } from "../../models/weights/safetensors_writer.ts";
import { callerPath } from "../requests/caller_paths.ts";
import { openStoredBase } from "../requests/stored_base.ts";
import { writeFolder } from "../requests/output_folder.ts";
import { adaptationsOf, findIntervention } from "../requests/stored_intervention.ts";
import { counted } from "../../common/counted.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** The options of an export to peft. */
interface ExportPeftOptions {
  readonly member: string | undefined;
  readonly out: string;
  readonly model: string | undefined;
}

/** Writes a trained or imported adapter as a peft folder. Only the base model's config.json is needed. */
export async function exportPeft(
  path: string,
  { member, out: folder, model }: ExportPeftOptions,
  terminal: Terminal,
): Promise<void> {
  const stored = await findIntervention(path, member), out = callerPath(folder);
  const { bare, named } = await openStoredBase(stored, model), { architecture } = bare;
  const adaptations = adaptationsOf(stored, architecture);
  const tensors = await readTensors(stored.tensors, adaptations);
  const { config, tensors: written } = atLocation(
    { file: stored.file },
    () => peftContent({ architecture, base: named, adaptations, tensors }),
  );
  await writeFolder(out, async (temporary) => {
    await writeSafetensors(join(temporary, peftFiles.weights), written, { format: "pt" });
    await writeAtomically(join(temporary, peftFiles.config), [new TextEncoder().encode(config)]);
  }, (name) => name === peftFiles.config);
  terminal.print(`${counted(adaptations.length, "adaptation")} in ${out}`);
}
