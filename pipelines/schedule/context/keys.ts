/**
 * Keys of what a run computes, made of its declaration and of the version of the code that compiles it: to know whether
 * something is in the store nothing has to be compiled.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { usualActivations } from "../../compile/programs/activation_budget.ts";
import { type Adaptation, interventionsOf } from "../../compile/lower/adaptation.ts";
import { fedNumbers } from "../../compile/rows/feeds.ts";
import { type LaidOutRow, rowKeys } from "../../compile/rows/laid_out_rows.ts";
import { selectedRows } from "../../compile/lower/edit_masks.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";
import type { Layout } from "../../compile/rows/layout.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import { keyOf } from "../../store/store.ts";
import type { PreparedModel, PreparedTraining } from "../prepare/prepared.ts";
import type { TuneJob } from "../train/tune.ts";
import { compilerVersion } from "./compiler_version.ts";
import type { RunContext } from "./run_context.ts";

const programKeys = new WeakMap<readonly Adaptation[], Map<string, string>>();

/** What decides the programs of a model with its adaptations, layout and rows aside. */
export function programKey(
  { model, adaptations, full }: PreparedModel,
  { digest }: Pick<ModelWeights, "digest">,
): string {
  const known = programKeys.getOrInsertComputed(adaptations, () => new Map());
  return known.getOrInsertComputed(`${model.config} ${digest}`, () =>
    keyOf({
      compiler: compilerVersion(),
      config: model.config,
      fed: fedNumbers(model.architecture),
      weights: digest,
      adaptations: adaptations.map(adaptationKey),
      full: full === undefined ? null : full.initializeFrom ?? "own",
    }));
}

/** An adaptation as plain data; what functions choose of each example is told apart by what they chose. */
function adaptationKey(adaptation: Adaptation): unknown {
  const { form, kind, options, index, stack = null, block = null, site, inputs, tensors } = adaptation;
  const common = { form, kind, options: { ...options }, index, stack, block, site, inputs, tensors: { ...tensors } };
  if (adaptation.form === "prefix") return common;
  if (adaptation.form === "head") return { ...common, pooled: adaptation.pooled };
  if (adaptation.form === "adapter") return { ...common, weight: adaptation.weight, dropout: adaptation.dropout };
  const {
    positions: { first, last, completion, short = "paper" },
    positionsText,
    side,
    rank,
    width,
    head,
    subspace,
    dropout,
  } = adaptation;
  const ends = [first, last].map(String);
  const chosen = { positionsText, subspace: subspace?.name ?? null };
  return { ...common, ...chosen, ends, short, completion, side, rank, width, head: head ?? null, dropout };
}

/**
 * A budget for what is kept of a training's rows as far as it can matter: null if it holds more than all hidden states,
 * keys and values of the rows.
 */
export function budgetPart({ model: { architecture }, rows }: PreparedTraining, cacheMemory: number): number | null {
  const { blocks, width, heads: { keyValueHeads, headWidth }, encoder } = architecture;
  const tokens = rows.reduce((sum, { shared, context, tail }) => sum + shared.length + context.length + tail.length, 0);
  const most = 4 * tokens * (blocks + (encoder?.blocks ?? 0) + 1) * (2 * keyValueHeads * headWidth + width);
  return cacheMemory >= most ? null : cacheMemory;
}

/** The budgets of a training's memory, as far as they can matter. */
function budgetParts(stage: PreparedTraining, { cacheMemory, activationMemory }: Budgets) {
  const kept = budgetPart(stage, cacheMemory);
  return activationMemory === usualActivations ? [kept] : [kept, String(activationMemory)];
}

type Budgets = Pick<RunContext, "cacheMemory" | "activationMemory">;

const rowParts = new WeakMap<readonly LaidOutRow[], Map<string, string>>();

/** A part of keys that depends on rows and on what a text says; many members share it. */
function ofRows(rows: readonly LaidOutRow[], text: string, make: () => string): string {
  return rowParts.getOrInsertComputed(rows, () => new Map()).getOrInsertComputed(text, make);
}

const layoutText = (layout: Layout) => JSON.stringify(layout);

/** Equal for rows of the same tokens, labels aside. */
export function rowsDigest(rows: readonly LaidOutRow[]): string {
  return ofRows(rows, "rows", () => keyOf(rowKeys(rows)));
}

/** Equal for trainings with the same programs. */
export function programsKey(stage: PreparedTraining, weights: ModelWeights, budgets: Budgets): string {
  const { rows, layout, spec } = stage, { kind } = spec.optimizer.schedule, parts = budgetParts(stage, budgets);
  const program = programKey(stage, weights);
  return ofRows(rows, `programs ${program} ${layoutText(layout)} ${kind} ${parts}`, () => {
    return keyOf([program, layout, kind, rowsDigest(rows), ...parts]);
  });
}

/** Equal for trainings that read the same rows of the same model in the same layout. */
export function encodingKey({ stage, weights: { digest } }: Pick<TuneJob, "stage" | "weights">): string {
  const { model: { folder }, layout, rows } = stage;
  return ofRows(rows, `encoding ${folder} ${digest} ${layoutText(layout)}`, () => {
    return keyOf([folder, digest, layout, rowsDigest(rows)]);
  });
}

/** The key of a training's result. */
export async function trainKey(
  runContext: RunContext,
  stage: PreparedTraining,
  weights: ModelWeights,
): Promise<string> {
  const { rows, layout, adaptations, initialFiles, spec } = stage, { machine } = runContext;
  const { optimizer, epochs, batchSize, gradientAccumulation, seed, shuffle } = spec;
  const initial = await Promise.all(initialFiles.map(({ path }) => fileDigest(path)));
  const chosen = selectedRows(interventionsOf(adaptations), rows.map(({ whole }) => whole));
  const programs = programKey(stage, weights), [budget, ...activations] = budgetParts(stage, runContext);
  const work = () =>
    keyOf({
      programs,
      layout,
      initial,
      rows: rowsDigest(rows),
      labels: labelsOf(rows),
      chosen,
      budget,
      ...activations.length === 0 ? {} : { activations },
    });
  // What was chosen of each example is not in the text.
  const shared = chosen.length > 0
    ? work()
    : ofRows(rows, `work ${programs} ${layoutText(layout)} ${initial.join()} ${budget} ${activations}`, work);
  const settings = { optimizer, epochs, batchSize, gradientAccumulation, seed, shuffle };
  return keyOf({ work: shared, settings, machine });
}

function labelsOf(rows: readonly LaidOutRow[]): string {
  return ofRows(rows, "labels", () => keyOf(rows.map(({ labels, labelIndices }) => [labels, labelIndices])));
}

const fileDigests = new Map<string, Promise<string>>();

/** A digest of a file's content, made once for as long as the file stays as it is. */
async function fileDigest(path: string): Promise<string> {
  const { size, mtime } = await Deno.stat(path);
  const key = JSON.stringify([path, size, mtime]);
  return await fileDigests.getOrInsertComputed(key, async () => {
    return createHash("sha256").update(await Deno.readFile(path)).digest("hex");
  });
}

/** A digest of tensors' names, shapes and content. */
export function tensorsDigest(tensors: TensorMap): string {
  const hash = createHash("sha256");
  for (const [name, { data, shape }] of Object.entries(tensors)) {
    hash.update(JSON.stringify([name, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}
