/** The forward pass of an edited model over the segments of rows, including its head. @module */
import type { Dimension } from "../../../ops/program/dimension.ts";
import * as o from "../../../ops/operators.ts";
import type { KeyValues } from "../../../ops/nn/attention.ts";
import { crossEntropies, rowsAt } from "../../../ops/nn/loss.ts";
import { type DataType, input, parameter, type Value } from "../../../ops/program/program.ts";
import type { Architecture, DropHook, RunResult, WeightSource } from "../../models/architecture/architecture.ts";
import { requireLogits } from "../../models/architecture/heads.ts";
import { copyInputs } from "../../models/architecture/model_inputs.ts";
import type { Adaptation } from "../lower/adaptation.ts";
import { batchOf, copyingBlock, membersHook } from "../lower/members_hook.ts";
import type { TensorForm } from "../lower/tensor_forms.ts";
import { frozenWeight } from "./frozen_weight.ts";
import { headOf } from "../lower/adaptation.ts";
import { headLosses, headOutputsOf } from "./head_outputs.ts";
import { virtualRuns } from "../lower/prefix_tuning.ts";
import { labelInputs } from "../rows/labels.ts";
import type { Layout } from "../rows/layout.ts";
import { runOf, runSegments, type SegmentRun, type SegmentRuns } from "./run_segments.ts";

/** A model to compile: its architecture, the types in which its weights are stored, and its adaptations. */
export interface CompiledModel {
  readonly architecture: Architecture;
  /** The stored type of a weight. */
  readonly storedType: (name: string) => DataType;
  /** One list of adaptations; several for batched training. */
  readonly members: readonly (readonly Adaptation[])[];
  /** Whether every weight is a parameter. */
  readonly full: boolean;
  /** The type in which the keys and values of earlier tokens are kept; float32 if omitted. */
  readonly keyValueType?: KeyValueType;
}

/** A type for keys and values. */
export type KeyValueType = "float32" | "float16";

/** The weights of a model as values of a program. */
export function weightsOf({ storedType, full }: CompiledModel): WeightSource {
  return (name, shape) => full ? parameter(name, shape as number[]) : frozenWeight(name, shape, storedType(name));
}

/** Runs the edited blocks over the segments of rows, in order. */
export function runRows(model: CompiledModel, layout: Layout, form: TensorForm): SegmentRuns {
  const { architecture, members } = model, after = members.length > 1 ? copyingBlock(members.flat()) : undefined;
  return runSegments({
    architecture,
    layout,
    weights: weightsOf(model),
    virtual: virtualRuns(members.flat(), form.tensors, architecture),
    edit: membersHook(members, form),
    ...form.dropBase === undefined ? {} : { drop: form.dropBase },
    ...after === undefined ? {} : { copied: (inputs) => ({ after, inputs: copyInputs(inputs, members.length) }) },
  });
}

/** The result of the tail after all segments of rows have run. */
export function runTail(model: CompiledModel, layout: Layout, form: TensorForm): SegmentRun {
  return runOf(runRows(model, layout, form), "tail");
}

/** The number of tokens in a run. */
export function runLength([first]: readonly KeyValues[]): Dimension {
  return (first as KeyValues).key.shape[2] as Dimension;
}

/** The logits of each member's labelled tokens, with any edits after the last norm. */
export function logitsOf(model: CompiledModel, result: RunResult, form: TensorForm): Value {
  const last = result.hiddenStates[result.hiddenStates.length - 1] as Value;
  const indices = input(labelInputs.indices, ["labelled", 1], "int64");
  const atRows = (ofTail: Value) => rowsAt(ofTail, indices), { dropBase } = form;
  const edit = membersHook(model.members, form, atRows);
  const drop: DropHook | undefined = dropBase && ((site, x) => dropBase(site, x, atRows));
  const rows = model.members.map((_, member) => rowsAt(batchOf(last, member), indices));
  return requireLogits(model.architecture)(o.concat(rows, 0), weightsOf(model), edit, drop);
}

/**
 * Each member's losses: the cross-entropies of the labelled tokens [labelled, 1], or the losses of its head [batch, 1].
 *
 * @param smoothing The share of a label that is spread over all classes, a tensor without axes.
 */
export function labelledLosses(
  model: CompiledModel,
  result: RunResult,
  form: TensorForm,
  smoothing?: Value,
): Value[] {
  const { members } = model, head = headOf(members[0] ?? []);
  if (head !== undefined) return headOutputs(model, result, form).map((each) => headLosses(each, head, smoothing));
  const targets = input(labelInputs.targets, ["labelled", 1], "int64");
  const logits = logitsOf(model, result, form), labels = o.concat(members.map(() => targets), 0);
  const losses = crossEntropies(logits, labels, smoothing);
  return members.map((_, member) => batchOf(losses, member, "labelled"));
}

/** The outputs of each member's head for each row [batch, outputs]. */
export function headOutputs(model: CompiledModel, { hiddenStates }: RunResult, form: TensorForm): Value[] {
  return headOutputsOf(model, hiddenStates[hiddenStates.length - 1] as Value, weightsOf(model), form);
}
