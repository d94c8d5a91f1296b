/**
 * Keys of what a run computes, derived from its declaration and the version of the code that compiles it: nothing has
 * to be compiled to find out whether something is in the store.
 *
 * @module
 */
import { interventionsOf } from "../../compile/lower/adaptation.ts";
import { selectedRows } from "../../compile/lower/edit_masks.ts";
import { usualActivations } from "../../compile/programs/activation_budget.ts";
import { steppingOf } from "../../compile/programs/stepping.ts";
import type { Layout } from "../../compile/rows/layout.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import { keyOf } from "../../store/store.ts";
import type { RunContext } from "../context/run_context.ts";
import type { PreparedTraining } from "../prepare/prepared.ts";
import { fileDigest } from "../context/file_digests.ts";
import { programKey } from "./program_key.ts";
import { keyOfRows, labelsDigest, rowsDigest } from "./row_keys.ts";
import { madeOf } from "../../common/row_list.ts";
import { lengthsOf, total } from "../../compile/rows/row_lengths.ts";

/**
 * A budget for what is kept of a training's rows, as far as it matters: null if it is larger than all hidden states,
 * keys and values of the rows.
 */
export function budgetPart({ model: { architecture }, rows }: PreparedTraining, cacheMemory: number): number | null {
  const { blocks, width, heads: { keyValueHeads, headWidth }, encoder } = architecture;
  const { shared, context, tail } = lengthsOf(rows), tokens = total(shared) + total(context) + total(tail);
  const most = 4 * tokens * (blocks + (encoder?.blocks ?? 0) + 1) * (2 * keyValueHeads * headWidth + width);
  return cacheMemory >= most ? null : cacheMemory;
}

/** The memory budgets of a training, as far as they matter. */
function budgetParts(stage: PreparedTraining, { cacheMemory, activationMemory }: Budgets) {
  const kept = budgetPart(stage, cacheMemory);
  return activationMemory === usualActivations ? [kept] : [kept, String(activationMemory)];
}

type Budgets = Pick<RunContext, "cacheMemory" | "activationMemory">;

const layoutText = (layout: Layout) => JSON.stringify(layout);

/** Equal for trainings with the same programs. */
export function programsKey(stage: PreparedTraining, weights: ModelWeights, budgets: Budgets): string {
  const { rows, layout, spec } = stage,
    { optimizer, schedule: kind, clips, smooths, dropsBase, groups, objective } = steppingOf(spec);
  const parts = [
    ...budgetParts(stage, budgets),
    optimizer.form,
    JSON.stringify(groups),
    ...clips ? ["clips"] : [],
    ...smooths ? ["smooths"] : [],
    ...objective === undefined ? [] : [objective],
    ...dropsBase ? ["dropsBase"] : [],
  ];
  const program = programKey(stage, weights);
  return keyOfRows(rows, `programs ${program} ${layoutText(layout)} ${kind} ${parts}`, () => {
    return keyOf([program, layout, kind, rowsDigest(rows), ...parts]);
  });
}

/** Equal for trainings that read the same rows with the same model in the same layout. */
export function encodingKey(
  { model: { folder }, layout, rows }: PreparedTraining,
  { digest }: Pick<ModelWeights, "digest">,
): string {
  return keyOfRows(rows, `encoding ${folder} ${digest} ${layoutText(layout)}`, () => {
    return keyOf([folder, digest, layout, rowsDigest(rows)]);
  });
}

/**
 * The part of a training's validations that determines its result, including their metrics; `undefined` without
 * validations.
 */
function validationPart({ validation, spec: { keep = "last", patience } }: PreparedTraining): unknown {
  if (validation === undefined) return undefined;
  const { evaluation: { examples, choices, rows, batchSize, spec }, interval, best } = validation;
  // Functions count by their source text.
  const declared = { metrics: spec.metrics, best, decoding: spec.decoding ?? null };
  return {
    declared: JSON.stringify(declared, (_, value) => typeof value === "function" ? String(value) : value),
    rows: keyOf(madeOf(examples, ({ prompt, completion, typeIds = null }, at) => {
      const answers = choices?.at(at)?.map(({ text, example }) => [text, example.completion]) ?? null;
      return [prompt, completion, typeIds, answers, JSON.stringify(rows.at(at)!.fields)];
    })),
    batchSize,
    interval,
    keep,
    patience: patience ?? null,
  };
}

/** The key of a training's result. */
export async function trainKey(
  runContext: RunContext,
  stage: PreparedTraining,
  weights: ModelWeights,
): Promise<string> {
  const { rows, layout, adaptations, initialFiles, spec } = stage, { machine } = runContext;
  const {
    optimizer,
    epochs,
    batchSize,
    gradientAccumulation,
    seed,
    shuffle,
    maxGradNorm,
    maxSteps,
    labelSmoothing = 0,
    baseDropout = false,
    lossReduction = "tokens",
    objective,
    dataParallel = 1,
  } = spec;
  const watched = validationPart(stage);
  const limits = {
    ...maxGradNorm === undefined ? {} : { maxGradNorm },
    ...maxSteps === undefined ? {} : { maxSteps },
    ...labelSmoothing === 0 ? {} : { labelSmoothing },
    ...baseDropout ? { baseDropout } : {},
    ...dataParallel === 1 ? {} : { dataParallel },
    ...lossReduction === "tokens" ? {} : { lossReduction },
    ...objective === undefined ? {} : { objective },
    ...watched === undefined ? {} : { validation: watched },
  };
  const initial = await Promise.all(initialFiles.map(({ path }) => fileDigest(path)));
  const chosen = selectedRows(interventionsOf(adaptations), madeOf(rows, ({ whole }) => whole));
  const programs = programKey(stage, weights), [budget, ...activations] = budgetParts(stage, runContext);
  const work = () =>
    keyOf({
      programs,
      layout,
      initial,
      rows: rowsDigest(rows),
      labels: labelsDigest(rows),
      chosen,
      budget,
      ...activations.length === 0 ? {} : { activations },
    });
  // A function's selections for each example are not in its source text.
  const shared = chosen.length > 0
    ? work()
    : keyOfRows(rows, `work ${programs} ${layoutText(layout)} ${initial.join()} ${budget} ${activations}`, work);
  const settings = { optimizer, epochs, batchSize, gradientAccumulation, seed, shuffle, ...limits };
  return keyOf({ work: shared, settings, machine });
}
