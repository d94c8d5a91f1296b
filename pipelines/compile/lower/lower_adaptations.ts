/**
 * Lowering all declared edits, adapters and heads of a model to adaptations.
 *
 * @module
 */
import { atLocationOf } from "../../common/source_location.ts";
import type { EditedModel } from "../../models/architecture/architecture.ts";
import type { Resolved, TrainableSpec } from "../../spec/mod.ts";
import type { Adaptation, LoweredAdaptation } from "./adaptation.ts";
import { isAdapterSpec, lowerAdapter } from "./adapters.ts";
import { isHeadSpec, lowerHead, requireOneHead } from "./heads.ts";
import { lowerEdit } from "./interventions.ts";
import { lowerPrefixTuning } from "./prefix_tuning.ts";

/** Adaptations that were trained earlier, with the file of their tensors. */
export interface LoadedAdaptations {
  readonly kind: "saved";
  readonly adaptations: readonly LoweredAdaptation[];
  /** The file's absolute path. */
  readonly initial: string;
}

/**
 * The adaptations of edits and adapters in the order of their indices: for each declaration one per block, and for an
 * edit with two sides first all those of the prefix.
 *
 * @throws {RequestError} If a block, site, module, rank, head or the positions do not fit the model, or there are two
 * heads.
 */
export function lowerAdaptations(
  specs: readonly (Resolved<TrainableSpec> | LoadedAdaptations)[],
  architecture: EditedModel,
): Adaptation[] {
  const lowered: Adaptation[] = [];
  for (const spec of specs) {
    const adaptations = spec.kind === "saved"
      ? spec.adaptations
      : atLocationOf(spec, () => lowerOne(spec, architecture));
    for (const adaptation of adaptations) lowered.push({ index: lowered.length, ...adaptation });
  }
  requireOneHead(lowered);
  return withFunctionsNumbered(lowered);
}

/** Numbers the selecting functions within this list, so that programs do not depend on other declarations. */
function withFunctionsNumbered(list: readonly Adaptation[]): Adaptation[] {
  const names = new Map<string, string>();
  const numbered = (name: string) => names.getOrInsertComputed(name, () => `function ${names.size + 1}`);
  return list.map((adaptation) => {
    if (adaptation.form !== "intervention") return adaptation;
    const { positions: { selector }, positionsText, subspace } = adaptation;
    return {
      ...adaptation,
      ...selector?.isFunction ? { positionsText: numbered(positionsText) } : {},
      ...subspace?.isFunction ? { subspace: { ...subspace, name: numbered(subspace.name) } } : {},
    };
  });
}

/** The adaptations of one declaration. */
export function lowerOne(
  spec: Resolved<TrainableSpec>,
  architecture: EditedModel,
): readonly LoweredAdaptation[] {
  if (spec.kind === "prefixTuning") return lowerPrefixTuning(spec, architecture);
  if (isHeadSpec(spec)) return [lowerHead(spec, architecture)];
  return isAdapterSpec(spec) ? lowerAdapter(spec, architecture) : lowerEdit(spec, architecture);
}
