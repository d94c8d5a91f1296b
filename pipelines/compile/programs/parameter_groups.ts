/** The kinds of parameters, and the optimizer's group that each belongs to. @module */
import type { OptimizerSpec, ParameterKind, Resolved } from "../../spec/mod.ts";
import { type Adaptation, isFixed } from "../lower/adaptation.ts";
import { freeName } from "../lower/tensor_forms.ts";
import type { CompiledModel } from "./forward.ts";

/** The kinds that each group of an optimizer matches, in order. */
export type GroupMatches = readonly (readonly ParameterKind[])[];

/** What an optimizer's groups match. */
export function matchesOf({ groups = [] }: Pick<Resolved<OptimizerSpec>, "groups">): GroupMatches {
  return groups.map(({ match }) => typeof match === "string" ? [match] : match);
}

/** The index of the first group that matches a parameter of some kinds. */
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

/** The kinds of single adapter tensors, by tensor name. */
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

/** The prefix of the names under which a group's learning rate and weight decay are fed. */
export function groupPrefix(group: number | undefined): string {
  return group === undefined ? "step." : `step.group${group + 1}.`;
}
