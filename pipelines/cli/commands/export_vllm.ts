/** `deno task export --to vllm`. @module */
import { join } from "node:path";
import { writeAtomically } from "../../common/files.ts";
import { atLocation } from "../../common/source_location.ts";
import { readTensors } from "../../compile/parameters/initial.ts";
import { onnxInstead } from "../../compile/lower/onnx_instead.ts";
import { vllmContent, vllmFiles } from "../../interchange/vllm/reft.ts";
import { writeSafetensors } from "../../models/weights/safetensors_writer.ts";
import { callerPath } from "../requests/caller_paths.ts";
import { writeNewFolder } from "../requests/output_folder.ts";
import { openStoredBase } from "../requests/stored_base.ts";
import { adaptationsAt, findIntervention } from "../requests/stored_intervention.ts";
import { counted } from "../../common/counted.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** The options of an export of edits. */
export interface EditExportOptions {
  readonly member: string | undefined;
  readonly out: string;
  readonly model: string | undefined;
  readonly positions: string | undefined;
}

/** Writes a folder from which vLLM's ReFT fork loads edits. Only the base model's config.json is needed. */
export async function exportVllm(
  path: string,
  { member, out: folder, model, positions }: EditExportOptions,
  terminal: Terminal,
): Promise<void> {
  const stored = await findIntervention(path, member), out = callerPath(folder);
  const { bare: { architecture } } = await openStoredBase(stored, model);
  const adaptations = adaptationsAt(stored, architecture, positions);
  const tensors = await readTensors(stored.tensors, adaptations);
  const content = atLocation(
    { file: stored.file },
    () => vllmContent(adaptations, tensors, onnxInstead({ architecture, adaptations })),
  );
  const module = await (await fetch(new URL(`../../interchange/vllm/${vllmFiles.module}`, import.meta.url))).bytes();
  await writeNewFolder(out, async (temporary) => {
    await writeSafetensors(join(temporary, vllmFiles.tensors), content.tensors, { format: "pt" });
    await writeAtomically(join(temporary, vllmFiles.list), [new TextEncoder().encode(content.list)]);
    await writeAtomically(join(temporary, vllmFiles.module), [module]);
  });
  terminal.print(`${counted(adaptations.length, "adaptation")} in ${out}`);
}
