/** Lowering declared prefix tuning to one adaptation for each block. @module */
import { tensorOf, type TensorRole } from "../../../ops/interventions/intervention.ts";
import type { KeyValues } from "../../../ops/nn/attention.ts";
import * as o from "../../../ops/operators.ts";
import { RequestError } from "../../common/errors.ts";
import type { Architecture, EditedModel } from "../../models/architecture/architecture.ts";
import type { PrefixTuningSpec, Resolved } from "../../spec/mod.ts";
import type { Adaptation, LoweredPrefixTuning } from "./adaptation.ts";
import type { TensorSource } from "./tensor_forms.ts";

/**
 * Trained keys and values before the prompt's, which every token attends to in every block (Li & Liang 2021). As in
 * peft, they are not computed by a projection, and the prompt's positions continue from theirs.
 */
export function lowerPrefixTuning(
  { tokens }: Resolved<PrefixTuningSpec>,
  { blocks, heads, encoder }: EditedModel,
): LoweredPrefixTuning[] {
  if (encoder !== undefined) {
    throw new RequestError(
      "prefixTuning needs a model with one stack of blocks; edit the encoder or the decoder instead",
    );
  }
  if (heads === undefined) throw new TypeError("Prefix tuning needs to know the model's heads");
  const role: TensorRole = { shape: [heads.keyValueHeads, tokens, heads.headWidth], start: "normal", decays: true };
  const common = {
    form: "prefix",
    kind: "prefixTuning",
    options: { tokens },
    site: "attention.key",
    inputs: 1,
  } as const;
  return Array.from({ length: blocks }, (_, block) => ({ ...common, block, tensors: { key: role, value: role } }));
}

/** The number of virtual tokens, which are never read, before a prompt. */
export function virtualTokens(adaptations: readonly Adaptation[]): number {
  return adaptations.reduce(
    (sum, adaptation) => adaptation.form === "prefix" && adaptation.block === 0 ? sum + adaptation.options.tokens : sum,
    0,
  );
}

/** The keys and values of each run of virtual tokens, in the order of declaration, for every block. */
export function virtualRuns(
  adaptations: readonly Adaptation[],
  source: TensorSource,
  { heads: { keyValueHeads, headWidth } }: Architecture,
): (readonly KeyValues[])[] {
  const prefixes = adaptations.filter((adaptation) => adaptation.form === "prefix");
  const runs = Map.groupBy(prefixes, ({ index, block }) => index - block);
  return [...runs.values()].map((run) =>
    run.map((adaptation) => {
      const tensors = source(adaptation), [key, value] = [tensorOf(tensors, "key"), tensorOf(tensors, "value")];
      const shape = [1, keyValueHeads, adaptation.options.tokens, headWidth];
      return { key: o.reshape(key, shape), value: o.reshape(value, shape) };
    })
  );
}

/**
 * Refuses rows that do not fit into the context after the virtual tokens.
 *
 * @throws {RequestError} If the longest row does not fit.
 */
export function requireRoom(adaptations: readonly Adaptation[], longest: number, contextLength: number): void {
  const tokens = virtualTokens(adaptations);
  if (tokens === 0 || tokens + longest <= contextLength) return;
  throw new RequestError(
    `the prefix has ${tokens} tokens and the longest row ${longest}, but the model reads at most ${contextLength}; ` +
      "give the prefix fewer tokens or shorten the rows",
  );
}
