/** The activations stage: what a model computes on prompts, kept in the store. @module */
import { interventionsOf } from "../../compile/lower/adaptation.ts";
import { selectedRows } from "../../compile/lower/edit_masks.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import { keptText } from "../../compile/programs/activations_program.ts";
import { layOut } from "../../compile/rows/laid_out_rows.ts";
import { wholeRows } from "../../compile/rows/layout.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import type { NamedTensor } from "../../models/weights/safetensors_writer.ts";
import { type Entry, keyOf } from "../../store/store.ts";
import type { RunContext } from "../context/run_context.ts";
import { programKey } from "../keys/program_key.ts";
import type { PreparedActivations } from "../prepare/prepared.ts";
import { activate, type ActivatedRun, readBy } from "./activate.ts";
import { madeOf } from "../../common/row_list.ts";

/** A stage's result, from the store if it is there: a safetensors entry that the caller closes. */
export async function activationsOf(
  runContext: RunContext,
  stage: PreparedActivations,
  weights: ModelWeights,
  tensors: TensorMap,
  tensorsKey: string,
): Promise<{ readonly entry: Entry; readonly cached: boolean }> {
  const { model, adaptations, examples, kept, spec } = stage, labels = labelsOf(stage.rows);
  const types = examples.map(({ typeIds = [] }) => typeIds);
  const key = keyOf({
    programs: programKey(stage, weights),
    tensors: tensorsKey,
    prompts: madeOf(examples, ({ prompt }) => prompt),
    chosen: selectedRows(interventionsOf(adaptations), examples),
    kept,
    sites: stage.sites.map(keptText),
    results: [spec.hiddenStates, spec.logits],
    machine: runContext.machine,
    ...labels === undefined ? {} : { labels: labels.content },
    ...types.some((row) => row.some((type) => type !== 0)) ? { types } : {},
  });
  const stored = await runContext.store.get("activations", key);
  if (stored !== undefined) return { entry: stored, cached: true };
  const most = Math.max(1, ...kept.map(({ length }) => length));
  const { sites } = stage, { hiddenStates, logits } = spec, { architecture } = model;
  const layout = wholeRows(architecture, adaptations);
  const prompts = examples.map(({ prompt, typeIds }, row): ActivatedRun => {
    const typed = typeIds === undefined ? {} : { types: typeIds };
    return { tokens: prompt, start: 0, ...typed, slots: Array.from({ length: most }, (_, at) => kept[row]![at]) };
  });
  const rows = prompts.map((prompt) => readBy(architecture, prompt));
  const laidOut = examples.map((example) => layOut({ ...example, completion: [] }, layout));
  const edited = { adaptations, tensors, rows: laidOut };
  const found = await activate(
    runContext,
    { architecture, weights, rows, sites, hiddenStates, logits, edited },
    stage.name,
  );
  const integers = (name: string, of: (token: number, row: number) => number): NamedTensor => {
    const data = prompts.flatMap(({ slots }, row) => {
      return slots.map((token) => (token === undefined ? 0 : of(token, row)));
    });
    return { name, shape: [prompts.length, most], data: BigInt64Array.from(data, BigInt) };
  };
  const all = [
    integers("input_ids", (token, row) => prompts[row]!.tokens[token]!),
    integers("attention_mask", () => 1),
    integers("positions", (token) => token),
    ...labels === undefined ? [] : [labels.tensor],
    ...found,
  ];
  const entry = await runContext.store.putAndOpen("activations", key, (writer) => {
    const dtype = ({ data }: NamedTensor) => data instanceof BigInt64Array ? "I64" as const : "F32" as const;
    writer.declare({
      ...labels?.names === undefined ? {} : { metadata: { labels: JSON.stringify(labels.names) } },
      tensors: all.map((tensor) => ({ name: tensor.name, dtype: dtype(tensor), shape: tensor.shape })),
    });
    for (const { name, data } of all) writer.append(name, data);
  });
  return { entry, cached: false };
}

/** The labels of rows, as stored in the tensor file. */
interface Labels {
  /** [rows]: numbers as they are; for names, their index in {@linkcode names}. */
  readonly tensor: NamedTensor;
  readonly names?: readonly string[];
  /** The content that the store's key depends on. */
  readonly content: readonly string[];
}

/** The labels of rows that have them: whole numbers, other numbers, or names, which are listed in order. */
function labelsOf(rows: PreparedActivations["rows"]): Labels | undefined {
  if (rows.length === 0 || rows.at(0)!.kind !== "label") return undefined;
  const content = rows.map(({ completion }) => completion.trim()), numbers = content.map(Number);
  const tensor = (data: NamedTensor["data"]): NamedTensor => ({ name: "labels", shape: [content.length], data });
  const areNumbers = content.every((label, row) => label !== "" && Number.isFinite(numbers[row]));
  if (areNumbers && numbers.every(Number.isSafeInteger)) {
    return { content, tensor: tensor(BigInt64Array.from(numbers, BigInt)) };
  }
  if (areNumbers) return { content, tensor: tensor(Float32Array.from(numbers)) };
  const names = [...new Set(content)].sort(byName.compare);
  return { content, names, tensor: tensor(BigInt64Array.from(content, (label) => BigInt(names.indexOf(label)))) };
}

const byName = new Intl.Collator("en", { numeric: true });
