/** `deno task export --to easysteer`. @module */
import { join } from "node:path";
import { writeAtomically } from "../../common/files.ts";
import { atLocation } from "../../common/source_location.ts";
import { interventionsOf } from "../../compile/lower/adaptation.ts";
import { readTensors } from "../../compile/parameters/initial.ts";
import { onnxInstead } from "../../compile/lower/onnx_instead.ts";
import { applyOf, easySteerFolders, vectorList } from "../../interchange/easysteer.ts";
import { controlVector } from "../../interchange/gguf/control_vector.ts";
import { blockShifts, isShift } from "../../interchange/gguf/shifts.ts";
import { writeTorchFile } from "../../interchange/torch_file.ts";
import { callerPath } from "../requests/caller_paths.ts";
import { writeNewFolder } from "../requests/output_folder.ts";
import { openStoredBase } from "../requests/stored_base.ts";
import { adaptationsAt, findIntervention } from "../requests/stored_intervention.ts";
import { counted } from "../../common/counted.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { EditExportOptions } from "./export_vllm.ts";

const direction = "direction.gguf", list = "steering.json";

/** Writes a folder with what EasySteer's requests name. Only the base model's config.json is needed. */
export async function exportEasySteer(
  path: string,
  { member, out: folder, model, positions }: EditExportOptions,
  terminal: Terminal,
): Promise<void> {
  const stored = await findIntervention(path, member), out = callerPath(folder), { file } = stored;
  const { bare: { architecture } } = await openStoredBase(stored, model);
  const adaptations = adaptationsAt(stored, architecture, positions);
  const tensors = await readTensors(stored.tensors, adaptations), interventions = interventionsOf(adaptations);
  const instead = onnxInstead({ architecture, adaptations }),
    text = (content: string) => [new TextEncoder().encode(content)];
  await writeNewFolder(out, async (temporary) => {
    if (adaptations.every((each) => isShift(each, tensors))) {
      const shifts = atLocation({ file }, () => blockShifts(adaptations, tensors, instead));
      const { family, blocks } = architecture;
      await writeAtomically(join(temporary, direction), controlVector(shifts, { architecture: family, blocks }));
      const vectors = interventions.map((each) => {
        return { path: direction, algorithm: "direct" as const, layer: each.block!, apply: applyOf(each) };
      });
      return await writeAtomically(join(temporary, list), text(vectorList(vectors)));
    }
    const folders = atLocation({ file }, () => easySteerFolders(adaptations, tensors, instead));
    for (const { vector, content } of folders) {
      await Deno.mkdir(join(temporary, vector.path));
      for (const [name, state] of Object.entries(content.states)) {
        await writeTorchFile(join(temporary, vector.path, name), name.slice(0, -".bin".length), state);
      }
      await writeAtomically(join(temporary, vector.path, "config.json"), text(content.config));
    }
    await writeAtomically(join(temporary, list), text(vectorList(folders.map(({ vector }) => vector))));
  });
  terminal.print(`${counted(adaptations.length, "adaptation")} in ${out}`);
}
