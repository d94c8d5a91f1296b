/** A model with its edits over rows in their segments, up to what its head makes of them. @module */
import type { Dimension } from "../../../ops/program/dimension.ts";
import * as o from "../../../ops/operators.ts";
import type { KeyValues } from "../../../ops/nn/attention.ts";
import { rowsAt } from "../../../ops/nn/loss.ts";
import { type DataType, input, parameter, type Value } from "../../../ops/program/program.ts";
import type {
  Architecture,
  Encoder,
  RunResult,
  TokenRun,
  WeightSource,
} from "../../models/architecture/architecture.ts";
import { requireLogits } from "../../models/architecture/heads.ts";
import { copyInputs, runInputs } from "../../models/architecture/model_inputs.ts";
import { type Adaptation, batchOf, copyingBlock, membersHook, type TensorForm } from "../lower/adaptations.ts";
import { frozenWeight } from "./frozen_weight.ts";
import { headOf } from "../lower/heads.ts";
import { headLosses, headOutputsOf } from "./head_outputs.ts";
import { virtualRuns } from "../lower/prefix_tuning.ts";
import { type Layout, segmentInputs, type SegmentName, segmentsOf } from "../rows/layout.ts";

/** A model to compile: its architecture, the types its weights are stored in, and what is learned of it. */
export interface CompiledModel {
  readonly architecture: Architecture;
  /** The stored type of a weight. */
  readonly storedType: (name: string) => DataType;
  /** One list of adaptations; several for members that are trained side by side. */
  readonly members: readonly (readonly Adaptation[])[];
  /** Every weight is a parameter. */
  readonly full: boolean;
}

/** The weights of a model as values of a program. */
export function weightsOf({ storedType, full }: CompiledModel): WeightSource {
  return (name, shape) => full ? parameter(name, shape as number[]) : frozenWeight(name, shape, storedType(name));
}

/**
 * What a pass over a row gives: the tail's result, and the keys and values of the segments before it, or of what an encoder
 * has read, by their names.
 */
interface RowResult extends RunResult {
  readonly before: Readonly<Partial<Record<SegmentName, readonly KeyValues[]>>>;
}

/** The blocks over the segments in order, the tail's edited. */
export function tail(model: CompiledModel, layout: Layout, form: TensorForm): RowResult {
  const { architecture, members } = model;
  if (architecture.encoder !== undefined) return encodedTail(model, architecture.encoder, form);
  const weights = weightsOf(model);
  const edit = membersHook(members, form);
  const past = virtualRuns(members.flat(), form.tensors, architecture);
  const before: Dimension[] = past.map(runLength);
  const inputsOf = (name: SegmentName) => {
    const { [name]: parts } = layout.parts ?? {}, inputs = segmentInputs(architecture, name, before);
    return { ...inputs, past: [...past], ...parts === undefined ? {} : { parts } };
  };
  const runs: Partial<Record<SegmentName, readonly KeyValues[]>> = {};
  for (const name of segmentsOf(layout).slice(0, -1)) {
    const { keyValues } = architecture.forward(inputsOf(name), weights);
    runs[name] = keyValues;
    past.push(keyValues);
    before.push(name);
  }
  const segment = inputsOf("tail");
  return { ...architecture.forward({ ...segment, ...copiedInputs(members, segment), edit }, weights), before: runs };
}

/** The decoder over the tail, with what the encoder makes of the context; either may be edited. */
function encodedTail(model: CompiledModel, encoder: Encoder, form: TensorForm): RowResult {
  const { architecture, members } = model, weights = weightsOf(model), edit = membersHook(members, form);
  const context = runInputs(encoder, { name: "context", batch: "batch", seen: "batch" });
  const { hiddenStates } = encoder.forward({ ...context, edit }, weights);
  const hidden = encoder.finish(hiddenStates[encoder.blocks] as Value, weights, edit);
  const segment = segmentInputs(architecture, "tail"), copied = copiedInputs(members, segment);
  const result = architecture.forward({ ...segment, ...copied, encoded: { hidden }, edit }, weights);
  return { ...result, before: { context: result.encoded as readonly KeyValues[] } };
}

/** What edits that copy the batch make of the inputs. */
function copiedInputs(
  members: CompiledModel["members"],
  { inputs }: Pick<TokenRun, "inputs">,
): Pick<TokenRun, "copied"> {
  const after = members.length > 1 ? copyingBlock(members.flat()) : undefined;
  return after === undefined ? {} : { copied: { after, inputs: copyInputs(inputs, members.length) } };
}

/** How many tokens a run has. */
export function runLength([first]: readonly KeyValues[]): Dimension {
  return (first as KeyValues).key.shape[2] as Dimension;
}

/** The logits at the labelled places of each member, edited behind the last norm where something acts there. */
export function logitsOf(model: CompiledModel, result: RunResult, form: TensorForm): Value {
  const last = result.hiddenStates[result.hiddenStates.length - 1] as Value;
  const places = input("labelled.places", ["labelled", 1], "int64");
  const edit = membersHook(model.members, form, (ofTail) => rowsAt(ofTail, places));
  const rows = model.members.map((_, member) => rowsAt(batchOf(last, member), places));
  return requireLogits(model.architecture)(o.concat(rows, 0), weightsOf(model), edit);
}

/** Each member's losses: the cross-entropies of the labelled tokens [labelled, 1], or those of its head [batch, 1]. */
export function labelledLosses(model: CompiledModel, result: RunResult, form: TensorForm): Value[] {
  const { members } = model, head = headOf(members[0] ?? []);
  if (head !== undefined) return headOutputs(model, result, form).map((each) => headLosses(each, head));
  const targets = input("labelled.targets", ["labelled", 1], "int64");
  const losses = o.crossEntropy(logitsOf(model, result, form), o.concat(members.map(() => targets), 0));
  return members.map((_, member) => batchOf(losses, member, "labelled"));
}

/** What each member's head tells of each row [batch, outputs]. */
export function headOutputs(model: CompiledModel, { hiddenStates }: RunResult, form: TensorForm): Value[] {
  return headOutputsOf(model, hiddenStates[hiddenStates.length - 1] as Value, weightsOf(model), form);
}
