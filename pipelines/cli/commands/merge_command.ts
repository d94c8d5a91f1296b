/** `deno task merge`. @module */
import { counted } from "../../common/counted.ts";
import { join } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { readJsonObject } from "../../common/files.ts";
import { atLocation } from "../../common/source_location.ts";
import { positionsOf } from "../../compile/lower/positions.ts";
import type { MergeSite } from "../../compile/programs/merge_program.ts";
import { readTensors } from "../../compile/parameters/initial.ts";
import { onnxInstead } from "../../compile/lower/onnx_instead.ts";
import { mergeSites } from "../../interchange/merged/plan.ts";
import { copyDescription } from "../../interchange/merged/description.ts";
import {
  RoundingLoss,
  storages,
  type StoredName,
  type StoredType,
  storedTypes,
} from "../../interchange/merged/rounding.ts";
import { biasOf, givesBias, writeMergedWeights } from "../../interchange/merged/write.ts";
import { withBiases } from "../../models/families/bias_flags.ts";
import { type BareModel, type ModelWeights, openModelWeights } from "../../models/open/model.ts";
import { openWeights } from "../../models/weights/weights.ts";
import { digestCacheOf } from "../../models/weights/weights_digest.ts";
import { bytesProgress, noteTo } from "../../schedule/context/work.ts";
import { Sessions } from "../../schedule/context/sessions.ts";
import { command } from "../arguments/command.ts";
import { member } from "../arguments/common_options.ts";
import { choice, optional, type OptionValues, positiveSize, required, text, withDefault } from "../arguments/option.ts";
import { callerPath, storeFolder } from "../requests/caller_paths.ts";
import { requireEmpty, writeFolder } from "../requests/output_folder.ts";
import { openStoredBase } from "../requests/stored_base.ts";
import { adaptationsAt, findIntervention, noteOtherWeights } from "../requests/stored_intervention.ts";
import { terminalEvents } from "../terminal/event_lines.ts";
import type { Terminal } from "../terminal/terminal.ts";

const declared = {
  member,
  out: required(text("folder"), "where to write the model"),
  dtype: optional(
    choice("type", Object.keys(storedTypes) as StoredName[]),
    "the type that weights are stored in (default: the base's)",
  ),
  model: optional(text("base"), "the base model, if it is not where the run says"),
  positions: optional(text("positions"), "replaces those that edits were trained with: all+completion"),
  shardSize: withDefault(positiveSize, "the maximum size of a weight file", 5e9),
};

/** Writes a model with its adaptations merged into the base, which does not need Refract. */
export const mergeCommand = command({
  name: "merge",
  summary: "Writes a Hugging Face model with an adapter merged into its weights.",
  parameters: [{ name: "folder", help: "the folder of a run, a member or an intervention" }],
  options: declared,
  examples: [
    "merge runs/lora/first --out merged",
    "merge runs/lora/first --member rank=4 --dtype bf16 --out merged",
  ],
  run: ([path], options, { terminal }) => merge(path, options, terminal),
});

async function merge(
  path: string,
  { member, out: folder, dtype: name, model, positions, shardSize }: OptionValues<typeof declared>,
  terminal: Terminal,
): Promise<void> {
  if (positions !== undefined) positionsOf(positions);
  const out = callerPath(folder), dtype = name === undefined ? undefined : storedTypes[name];
  await requireEmpty(out);
  const stored = await findIntervention(path, member), emit = terminalEvents(terminal);
  const { bare } = await openStoredBase(stored, model, {
    store: storeFolder(undefined),
    warn: noteTo(emit),
    progress: bytesProgress(emit, "download"),
    converting: bytesProgress(emit, "convert"),
  });
  const adaptations = adaptationsAt(stored, bare.architecture, positions);
  const sites = atLocation({ file: stored.file }, () => mergeSites(adaptations, bare.architecture));
  const tensors = await readTensors(stored.tensors, adaptations);
  const weights = await openModelWeights(bare, digestCacheOf(storeFolder(undefined)));
  noteOtherWeights(stored, weights.digest, bare, noteTo(emit));
  const { fields, added } = await neededBiases(bare, sites, weights, {
    file: stored.file,
    instead: onnxInstead({ architecture: bare.architecture, adaptations }),
  });
  const records = [...(await openWeights(bare.folder)).tensors.values()];
  let loss = new RoundingLoss();
  await using sessions = new Sessions("cpu", navigator.hardwareConcurrency);
  await writeFolder(out, async (temporary) => {
    const show = bytesProgress(emit, "merge");
    loss = await writeMergedWeights(temporary, {
      ...{ records, weights, sites, added, tensors, dtype, shardSize, sessions, progress: show },
    });
    const type = dtype === undefined ? {} : { torch_dtype: storages[dtype].torch };
    await copyDescription(bare.folder, temporary, { ...fields, ...type });
  });
  if (stored.description.quantize !== undefined) {
    terminal.write(
      `it was trained on weights in ${stored.description.quantize} but is merged into the unquantized ones, so its ` +
        "answers may differ\n",
    );
  }
  terminal.write(lossText(loss, dtype));
  const count = counted(adaptations.length, "adaptation");
  terminal.print(`${bare.name} with ${count} merged in ${out}`);
}

/** What rounding lost, if anything. */
function lossText({ shares }: RoundingLoss, dtype: StoredType | undefined): string {
  if (shares === undefined) return "";
  const { ofWeights, ofLearned } = shares, percent = (share: number) => `${Number((100 * share).toPrecision(2))} %`;
  const type = dtype === undefined ? "the type of the base's weights" : storages[dtype].torch;
  const learned = Number.isFinite(ofLearned) ? `, which is ${percent(ofLearned)} of what training changed` : "";
  return `rounding to ${type} changes the merged weights by ${
    percent(ofWeights)
  }${learned}; --dtype f32 changes nothing\n`;
}

/** The fields of config.json that give the model the biases it lacks, and all biases that they add. */
async function neededBiases(
  { folder, architecture }: BareModel,
  sites: readonly MergeSite[],
  weights: Pick<ModelWeights, "storedType">,
  { file, instead }: { readonly file: string; readonly instead: string },
) {
  const lacking = sites.filter((site) => givesBias(site, weights));
  if (lacking.length === 0) return { fields: {}, added: new Map<string, readonly number[]>() };
  const config = await readJsonObject(join(folder, "config.json"), "download it again");
  const found = withBiases(config!, architecture, lacking.map(({ weight }) => biasOf(weight)));
  if (found !== undefined) return found;
  const [{ weight, adaptations: [first] }] = lacking as [MergeSite];
  throw new RequestError(
    `the ${first!.kind} needs ${biasOf(weight)}, but ${architecture.family} models have no such bias; ${instead}`,
    { file },
  );
}
