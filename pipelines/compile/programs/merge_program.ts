/** Merging adaptations into a frozen projection, for a model without them. @module */
import type { AffineMap } from "../../../ops/adapters/adapter.ts";
import { adapters } from "../../../ops/adapters/mod.ts";
import { interventions } from "../../../ops/interventions/mod.ts";
import * as o from "../../../ops/operators.ts";
import { simplify } from "../../../ops/passes/simplify.ts";
import { constant, type Program, type Value } from "../../../ops/program/program.ts";
import type { WeightSource } from "../../models/architecture/architecture.ts";
import type { Adapter, Intervention } from "../lower/adaptation.ts";
import { savedTensors } from "../lower/tensor_forms.ts";

/** A projection and the adaptations of its output that act on all tokens alike. */
export interface MergeSite {
  /** The weight's name. */
  readonly weight: string;
  /** The frozen bias's name, if it has one. */
  readonly bias: string | undefined;
  readonly inputs: number;
  readonly outputs: number;
  /** Whether the weight is stored [inputs, outputs]. */
  readonly isTransposed: boolean;
  /** The adaptations, in order. */
  readonly adaptations: readonly (Adapter | Intervention)[];
}

/**
 * The program that computes the merged `weight`, in the layout in which it is stored, and the merged `bias`, if any. A
 * result that would equal the frozen tensor is omitted.
 */
export function mergeProgram(site: MergeSite, source: WeightSource): Program {
  const { weight, bias, inputs, outputs, isTransposed, adaptations } = site;
  const stored = source(weight, isTransposed ? [inputs, outputs] : [outputs, inputs]);
  const frozen: AffineMap = {
    weight: isTransposed ? o.transpose(stored, [1, 0]) : stored,
    bias: bias === undefined ? undefined : source(bias, [outputs]),
  };
  const merged = adaptations.reduce<AffineMap>((output, adaptation) => {
    const tensors = savedTensors(adaptation);
    return adaptation.form === "adapter"
      ? adapters[adaptation.kind].merged(output, frozen, tensors, adaptation.options)
      : edited(output, adaptation, site);
  }, frozen);
  const found: Record<string, Value> = {};
  if (merged.weight !== frozen.weight) {
    found["weight"] = isTransposed ? o.transpose(merged.weight, [1, 0]) : merged.weight;
  }
  if (merged.bias !== undefined && merged.bias !== frozen.bias) found["bias"] = merged.bias;
  return simplify({ name: "merge", outputs: found });
}

/**
 * Merges an affine edit `h ↦ Ah + c` of a projection's output: the weight becomes AW, which is the edit of each column
 * minus the edit of 0, and the bias becomes the edit of the bias.
 */
function edited({ weight, bias }: AffineMap, edit: Intervention, { inputs, outputs }: MergeSite): AffineMap {
  const { kind, options } = edit, tensors = savedTensors(edit), everywhere = constant([1], [1, 1, 1]);
  const apply = (rows: Value, count: number) =>
    o.reshape(interventions[kind].edit(o.reshape(rows, [1, count, outputs]), tensors, everywhere, options), [
      count,
      outputs,
    ]);
  const zeros = constant(new Array(outputs).fill(0), [1, outputs]);
  const shift = apply(bias === undefined ? zeros : o.reshape(bias, [1, outputs]), 1);
  const moved = { bias: o.reshape(shift, [outputs]) };
  if (interventions[kind].linearity(options) === "shift") return { weight, ...moved };
  const columns = o.sub(apply(o.transpose(weight, [1, 0]), inputs), apply(zeros, 1));
  return { weight: o.transpose(columns, [1, 0]), ...moved };
}
