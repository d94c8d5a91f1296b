/** What determines the programs of a model with its adaptations. @module */
import { keyOf } from "../../common/content_key.ts";
import type { Adaptation } from "../../compile/lower/adaptation.ts";
import { fedNumbers } from "../../compile/rows/feeds.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import type { PreparedModel } from "../prepare/prepared_model.ts";
import { compilerVersion } from "../context/compiler_version.ts";

const programKeys = new WeakMap<readonly Adaptation[], Map<string, string>>();

/** What determines the programs of a model with its adaptations, apart from layout and rows. */
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

/** An adaptation as plain data; the selections that functions make for each example are part of other keys. */
function adaptationKey(adaptation: Adaptation): unknown {
  const { form, kind, options, index, stack = null, block = null, site, inputs, tensors } = adaptation;
  const common = { form, kind, options: { ...options }, index, stack, block, site, inputs, tensors: { ...tensors } };
  if (adaptation.form === "prefix") return common;
  if (adaptation.form === "head") return { ...common, pooled: adaptation.pooled };
  if (adaptation.form === "adapter") {
    const { weight, dropout, positions } = adaptation;
    return { ...common, weight, dropout, ...positions === undefined ? {} : { positions } };
  }
  const { positions, positionsText, side, rank, width, head, subspace, dropout } = adaptation;
  const { first, last, short = "paper", completion } = positions;
  const ends = [first, last].map(String);
  const chosen = { positionsText, subspace: subspace?.name ?? null };
  return { ...common, ...chosen, ends, short, completion, side, rank, width, head: head ?? null, dropout };
}
