/** Which parameters are of which kind, and which of an optimizer's groups has them. @module */
import type { OptimizerSpec, ParameterKind, Resolved } from "../../spec/mod.ts";
import { type Adaptation, isFixed } from "../lower/adaptation.ts";
import { freeName } from "../lower/tensor_forms.ts";
import type { CompiledModel } from "./forward.ts";

/** The kinds that each group of an optimizer takes, in order. */
export type GroupMatches = readonly (readonly ParameterKind[])[];

/** What an optimizer's groups match. */
export function matchesOf({ groups = [] }: Pick<Resolved<OptimizerSpec>, "groups">): GroupMatches {
  return groups.map(({ match }) => typeof match === "string" ? [match] : match);
}

/** The first group that takes parameters of some kinds, from 0. */
export function groupOf(kinds: readonly ParameterKind[], matches: GroupMatches): number | undefined {
  const found = matches.findIndex((match) => match.some((kind) => kinds.includes(kind)));
  return found < 0 ? undefined : found;
}

const ofForm: Readonly<Record<Adaptation["form"], ParameterKind>> = {
  intervention: "edits",
  adapter: "adapters",
  prefix: "prefixTuning",
  head: "head",
};

/** Kinds that are tensors of an adapter, by the names of these. */
const ofTensor: ReadonlyMap<string, ParameterKind> = new Map([["lora_A", "lora_A"], ["lora_B", "lora_B"]]);

/** The kinds of each trained parameter by its name. */
export function parameterKinds(
  { architecture, members, full }: Pick<CompiledModel, "members" | "full"> & {
    readonly architecture: Pick<CompiledModel["architecture"], "weights">;
  },
): ReadonlyMap<string, readonly ParameterKind[]> {
  const own = full ? [...architecture.weights.keys()] : [];
  return new Map([
    ...own.map((name) => [name, ["base"]] as [string, ParameterKind[]]),
    ...members.flat().flatMap((adaptation) =>
      Object.entries(adaptation.tensors).flatMap(([tensor, role]): [string, ParameterKind[]][] => {
        if (isFixed(adaptation, role)) return [];
        const name = `${adaptation.index}.${tensor}`, special = ofTensor.get(tensor);
        const kinds = [ofForm[adaptation.form], ...adaptation.form === "adapter" && special ? [special] : []];
        return [[role.start === "orthogonal" ? freeName(name) : name, kinds]];
      })
    ),
  ]);
}

/** The beginning of the names by which the rate and decay of a group are fed. */
export function groupPrefix(group: number | undefined): string {
  return group === undefined ? "step." : `step.group${group + 1}.`;
}
