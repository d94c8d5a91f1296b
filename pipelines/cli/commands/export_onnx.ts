/** `deno task export --to onnx`. @module */
import { counted } from "../../common/counted.ts";
import { basename, join } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { isTemporaryOf, removeLeavings } from "../../common/leavings.ts";
import { PendingChecks } from "../../common/pending_checks.ts";
import { atLocation } from "../../common/source_location.ts";
import { quote } from "../../common/suggest.ts";
import { type Adaptation, interventionsOf } from "../../compile/lower/adaptation.ts";
import { positionsOf } from "../../compile/lower/positions.ts";
import { readTensors } from "../../compile/parameters/initial.ts";
import { type InterventionDescription, interventionFileNames } from "../../compile/parameters/intervention_file.ts";
import { onnxFiles } from "../../interchange/onnx/files.ts";
import { exportedNames, type TunedModel, writeOnnxFolder } from "../../interchange/onnx/folder.ts";
import { requireLogits } from "../../models/architecture/heads.ts";
import { editedModel, openModelWeights, openReadModel, type ReadModel } from "../../models/open/model.ts";
import type { SourceOptions } from "../../models/open/source.ts";
import { digestCacheOf } from "../../models/weights/weights_digest.ts";
import { bytesProgress, noteTo } from "../../schedule/context/work.ts";
import { callerFolder, callerPath, storeFolder } from "../requests/caller_paths.ts";
import { namesIn } from "../../common/folder_names.ts";
import { writeFolder } from "../requests/output_folder.ts";
import {
  adaptationsAt,
  baseModelOf,
  findIntervention,
  noteOtherWeights,
  requireNoHead,
  type StoredIntervention,
} from "../requests/stored_intervention.ts";
import { terminalEvents } from "../terminal/event_lines.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** The options of an export to ONNX. */
interface ExportOnnxOptions {
  readonly member: string | undefined;
  readonly out: string;
  readonly model: string | undefined;
  readonly positions: string | undefined;
  /** The fields of every prompt. */
  readonly fields: Readonly<Record<string, unknown>> | undefined;
  readonly dtype: TunedModel["dtype"];
}

/** Writes an ONNX model of a trained or imported intervention and its base model, or of a fully finetuned model. */
export async function exportOnnx(path: string, options: ExportOnnxOptions, terminal: Terminal): Promise<void> {
  const out = callerPath(options.out), { fields = {}, dtype } = options;
  if (options.positions !== undefined) positionsOf(options.positions);
  await requireOwn(out);
  const sources = sourcesOf(terminal);
  const { stored, ...tuned } = await isModel(callerPath(path), options)
    ? await finetunedModel(callerPath(path), sources)
    : await editedBase(path, options, sources);
  const { model, adaptations } = tuned;
  if (model.tokenizer === undefined) {
    sources.warn(`${model.name} has no tokenizer.json, so the folder has no tokenizer and no example that reads text`);
  }
  requireNoHead(adaptations, callerPath(path), "export one without a head");
  // The base is read only once, to be copied; the digest is computed from the same read.
  using checks = new PendingChecks();
  const weights = await openModelWeights(model, digestCacheOf(storeFolder(undefined)), checks);
  if (stored !== undefined) noteOtherWeights(stored, weights.digest, model, sources.warn);
  await writeFolder(out, async (temporary) => {
    await writeOnnxFolder(temporary, out, { ...tuned, weights, example: { fields }, dtype });
    await checks.settled();
  }, (name) => exportedNames.has(name));
  const count = counted(adaptations.length, "adaptation");
  const trained = adaptations.length === 0 ? "" : ` with ${count}`;
  terminal.print(`${model.name}${trained} in ${join(out, onnxFiles.graph)}`);
}

/** A model and its adaptations. */
interface Tuned extends Pick<TunedModel, "model" | "adaptations" | "tensors" | "quantize"> {
  /** The intervention whose adaptations they are, if they are of one. */
  readonly stored?: StoredIntervention;
}

/** Whether a path is a model's folder; options that apply only to edits are then rejected. */
async function isModel(folder: string, { member, model, positions, fields }: ExportOnnxOptions): Promise<boolean> {
  const holds = (name: string) => Deno.stat(join(folder, name)).then(() => true, () => false);
  if ([member, model, positions, fields].some((option) => option !== undefined)) return false;
  return await holds("config.json") && !await holds(interventionFileNames.description);
}

/** How to find the base model, and how downloads and conversions are reported. */
type Sources = Omit<SourceOptions, "base"> & Required<Pick<SourceOptions, "warn">>;

function sourcesOf(terminal: Terminal): Sources {
  const emit = terminalEvents(terminal);
  return {
    store: storeFolder(undefined),
    warn: noteTo(emit),
    progress: bytesProgress(emit, "download"),
    converting: bytesProgress(emit, "convert"),
  };
}

async function finetunedModel(folder: string, sources: Sources): Promise<Tuned> {
  const model = await openWriter(folder, { ...sources, base: callerFolder() });
  return { model, adaptations: [], tensors: {} };
}

async function editedBase(path: string, options: ExportOnnxOptions, sources: Sources): Promise<Tuned> {
  const stored = await findIntervention(path, options.member);
  const { source, base } = await baseModelOf(stored, options.model);
  const model = await openWriter(source, { ...sources, base });
  const adaptations = exportable(stored, model, options);
  const tensors = await readTensors(stored.tensors, adaptations);
  return { model, adaptations, tensors, quantize: stored.description.quantize, stored };
}

/** Rejects a folder that holds anything but an earlier export, because an export would mix with it or overwrite it. */
async function requireOwn(out: string): Promise<void> {
  const wasCutShort = removeLeavings(out);
  const names = (await namesIn(out)).filter((name) => !isTemporaryOf(name, basename(out)));
  if (names.length === 0 || names.includes(onnxFiles.graph)) return;
  if (wasCutShort && names.every((name) => exportedNames.has(name))) return;
  throw new RequestError("holds other files; give --out a new folder, or one of an earlier export to ONNX", {
    file: out,
  });
}

/** Opens a decoder-only model; others cannot be exported. */
async function openWriter(source: string, options: SourceOptions): Promise<ReadModel> {
  const model = await openReadModel(source, options);
  return atLocation({ file: model.folder }, () => {
    const { family, encoder } = model.architecture;
    requireLogits(model.architecture);
    if (encoder === undefined) return model;
    throw new RequestError(
      `the ${family} model has an encoder and a decoder, but an export to ONNX holds one stack; choose a decoder-only model`,
    );
  });
}

/**
 * The adaptations of an intervention.
 *
 * @throws {RequestError} If they depend on something about an example that an exported graph does not know.
 */
function exportable(
  stored: StoredIntervention,
  model: ReadModel,
  { positions, fields = {} }: ExportOnnxOptions,
): readonly Adaptation[] {
  return atLocation({ file: stored.file }, () => {
    requireSubspaces(stored.description);
    const adaptations = adaptationsAt(stored, editedModel(model), positions);
    for (const { positions: { selector }, positionsText, subspace } of interventionsOf(adaptations)) {
      if (selector !== undefined) {
        throw new RequestError(
          `the positions ${quote(positionsText)} depend on a prompt's text, which a graph does not know; ` +
            "give others with --positions, as in l1",
        );
      }
      if (subspace !== undefined && !Object.hasOwn(fields, subspace.name)) {
        throw new RequestError(
          `the edit's subspace is in each row's field ${quote(subspace.name)}, which a graph does not know; ` +
            `fix it for all, as in --fields '{${JSON.stringify(subspace.name)}: [0]}'`,
        );
      }
    }
    return adaptations;
  });
}

function requireSubspaces({ interventions }: InterventionDescription): void {
  for (const { index, subspace } of interventions) {
    if (subspace !== null) continue;
    throw new RequestError(
      `a function chose the subspace of intervention ${index}, but a graph cannot call it; ` +
        "export an edit without a subspace, or whose subspace is a field",
    );
  }
}
