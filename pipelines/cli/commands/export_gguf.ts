/** `deno task export --to gguf`. @module */
import { counted } from "../../common/counted.ts";
import { dirname } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { unwritable, writeAtomically } from "../../common/files.ts";
import { atLocation } from "../../common/source_location.ts";
import { positionsOf } from "../../compile/lower/positions.ts";
import { readTensors } from "../../compile/parameters/initial.ts";
import { onnxInstead } from "../../compile/lower/onnx_instead.ts";
import { controlVector } from "../../interchange/gguf/control_vector.ts";
import { loraFile } from "../../interchange/gguf/lora.ts";
import { blockShifts } from "../../interchange/gguf/shifts.ts";
import { ggufArchitecture } from "../../models/gguf/family_names.ts";
import { callerPath } from "../requests/caller_paths.ts";
import { requireFilePath, requireUnread } from "../requests/output_file.ts";
import { openStoredBase } from "../requests/stored_base.ts";
import { adaptationsAt, findIntervention } from "../requests/stored_intervention.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** The options of an export to GGUF. */
interface ExportGgufOptions {
  readonly member: string | undefined;
  readonly out: string;
  readonly model: string | undefined;
  readonly positions: string | undefined;
}

/** Writes a GGUF file of a LoRA adapter, or of edits that add a vector to block outputs. */
export async function exportGguf(
  path: string,
  { member, out: file, model, positions }: ExportGgufOptions,
  terminal: Terminal,
): Promise<void> {
  const out = callerPath(file);
  if (positions !== undefined) positionsOf(positions);
  await requireGgufPath(out);
  const stored = await findIntervention(path, member), { bare } = await openStoredBase(stored, model);
  await requireUnread(out, bare);
  const { architecture } = bare, adaptations = adaptationsAt(stored, architecture, positions);
  const instead = onnxInstead({ architecture, adaptations });
  const tensors = await readTensors(stored.tensors, adaptations);
  const isVector = adaptations.every(({ form }) => form === "intervention");
  const parts = atLocation({ file: stored.file }, () => {
    const named = ggufArchitecture(architecture.family);
    if (named === undefined) {
      throw new RequestError(`GGUF files of ${architecture.family} models cannot be written; ${instead}`);
    }
    if (!isVector) return loraFile({ architecture, named, adaptations, tensors });
    const shifts = blockShifts(adaptations, tensors, instead);
    if (shifts.has(0)) {
      throw new RequestError(
        `llama.cpp applies control vectors from block 1 on, but this edits block 0; ${instead}`,
      );
    }
    return controlVector(shifts, { architecture: named, blocks: architecture.blocks });
  });
  await Deno.mkdir(dirname(out), { recursive: true }).catch((fault: unknown) => {
    throw unwritable(dirname(out), fault);
  });
  await writeAtomically(out, parts);
  const count = counted(adaptations.length, "adaptation");
  terminal.print(`${count} in ${out}, ${isVector ? "a control vector" : "a LoRA adapter"}`);
}

/** Requires that a path can be a GGUF file for llama.cpp. */
async function requireGgufPath(out: string): Promise<void> {
  if (!out.endsWith(".gguf")) {
    throw new RequestError("is not the name of a GGUF file; give --out a name that ends in .gguf", { file: out });
  }
  await requireFilePath(out);
}
