/** What an import writes: the folder of an intervention that another library saved. @module */
import { join } from "node:path";
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import { type JsonObject, writeAtomically } from "../../common/files.ts";
import type { Adaptation } from "../../compile/lower/adaptation.ts";
import { withDigests } from "../../compile/parameters/description_digest.ts";
import { readTensors, type TensorMap } from "../../compile/parameters/initial.ts";
import { describeAll, interventionFileNames } from "../../compile/parameters/intervention_file.ts";
import type { Architecture } from "../../models/architecture/architecture.ts";
import { writeSealed } from "../../models/weights/safetensors_writer.ts";
import { writeFolder } from "../requests/output_folder.ts";
import { adaptationsOf } from "../requests/stored_intervention.ts";

/** The content of another library's folder. */
interface Imported {
  /** The base model, by the name that it is opened with. */
  readonly base: string;
  readonly architecture: Architecture;
  /** As intervention.json lists them. */
  readonly interventions: readonly JsonObject[];
  readonly tensors: TensorMap;
  /** The other library's folder, for messages. */
  readonly source: string;
}

/**
 * Writes an intervention's folder.
 *
 * @throws {RequestError} If what was read is invalid; then nothing is written.
 */
export async function writeImported(
  out: string,
  { base, architecture, interventions, tensors, source }: Imported,
): Promise<readonly Adaptation[]> {
  const description = { base, width: architecture.width, interventions };
  const adaptations = adaptationsOf({ description, file: join(source, "config.json") }, architecture);
  const listed = adaptations.flatMap(({ index, tensors: roles }) =>
    Object.entries(roles).map(([tensor, { shape }]) => {
      const name = `${index}.${tensor}`;
      return { name, shape, data: ownValue(tensors, name)!.data as Float32Array };
    })
  );
  await writeFolder(out, async (temporary) => {
    const weights = join(temporary, interventionFileNames.tensors),
      text = describeAll({ base, width: architecture.width }, adaptations);
    const described = withDigests(text, await writeSealed(weights, listed, { format: "pt" }));
    await writeAtomically(join(temporary, interventionFileNames.description), [new TextEncoder().encode(described)]);
    await requireUsable(weights, adaptations, source);
  }, (name) => name === interventionFileNames.description);
  return adaptations;
}

/** Requires that what was imported can be evaluated and trained further. */
async function requireUsable(weights: string, adaptations: readonly Adaptation[], source: string): Promise<void> {
  try {
    await readTensors(weights, adaptations, "train");
  } catch (error) {
    throw error instanceof RequestError ? new RequestError(error.problem, { file: source }).causedBy(error) : error;
  }
}
