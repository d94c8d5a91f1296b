/**
 * The programs of a model with its edits, all from the one forward builder.
 *
 * @module
 */
import type { Dimension } from "../../ops/dimension.ts";
import { gradients } from "../../ops/autodiff.ts";
import * as o from "../../ops/operators.ts";
import type { KeyValues } from "../../ops/nn/attention.ts";
import { rowsAt, scaledLoss } from "../../ops/nn/loss.ts";
import { adamw, type AdamWState } from "../../ops/optimizers/adamw.ts";
import { type ScheduleName, schedules } from "../../ops/optimizers/schedule.ts";
import {
  type DataType,
  dependants,
  input,
  leafName,
  leavesOf,
  parameter,
  type Program,
  topologicalOrder,
  type Value,
} from "../../ops/program.ts";
import type { Boundary } from "../../ops/recompute.ts";
import { substitute } from "../../ops/rewrite.ts";
import { simplify } from "../../ops/simplify.ts";
import type { Architecture, Encoder, Places, Segment, SegmentResult, WeightSource } from "../models/architecture.ts";
import { requireLogits } from "../models/heads.ts";
import {
  actsOnCompletion,
  type Adaptation,
  batchOf,
  copyingBlock,
  membersHook,
  type PieceForm,
  savedForm,
  trainedTensors,
  trainingForm,
} from "./adaptations.ts";
import { withBoundaries } from "./activation_budget.ts";
import { frozenWeight } from "./frozen_weight.ts";
import { runInputs } from "../models/places.ts";
import { headOf } from "./heads.ts";
import { headLosses, toldOf } from "./told.ts";
import { virtualRuns } from "./prefixes.ts";
import { type Layout, pastInputs, segmentInputs, type SegmentName, segmentsOf } from "./layout.ts";

/** A model to compile: its architecture, the types its weights are stored in, and what is learned of it. */
export interface CompiledModel {
  readonly architecture: Architecture;
  /** The stored type of a weight. */
  readonly storedType: (name: string) => DataType;
  /** One list of pieces; several for members that are trained side by side. */
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
interface RowResult extends SegmentResult {
  readonly before: Readonly<Partial<Record<SegmentName, readonly KeyValues[]>>>;
}

/** The blocks over the segments in order, the tail's edited. */
function tail(model: CompiledModel, layout: Layout, form: PieceForm): RowResult {
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
  return { ...architecture.forward({ ...segment, ...copiedPlaces(members, segment), edit }, weights), before: runs };
}

/** The decoder over the tail, with what the encoder makes of the context; either may be edited. */
function encodedTail(model: CompiledModel, encoder: Encoder, form: PieceForm): RowResult {
  const { architecture, members } = model, weights = weightsOf(model), edit = membersHook(members, form);
  const context = runInputs(encoder, { name: "context", batch: "batch", masks: "batch" });
  const { hiddenStates } = encoder.forward({ ...context, edit }, weights);
  const hidden = encoder.finish(hiddenStates[encoder.blocks] as Value, weights, edit);
  const segment = segmentInputs(architecture, "tail"), copied = copiedPlaces(members, segment);
  const result = architecture.forward({ ...segment, ...copied, encoded: { hidden }, edit }, weights);
  return { ...result, before: { context: result.encoded as readonly KeyValues[] } };
}

/** What edits that copy the batch make of the places. */
function copiedPlaces(members: CompiledModel["members"], places: Places): Pick<Segment, "copied"> {
  const behind = members.length > 1 ? copyingBlock(members.flat()) : undefined;
  return behind === undefined ? {} : { copied: { behind, places: copyPlaces(places, members.length) } };
}

/** How many tokens a run has. */
export function runLength([first]: readonly KeyValues[]): Dimension {
  return (first as KeyValues).key.shape[2] as Dimension;
}

function copyPlaces(places: Places, copies: number): Places {
  const { angles, masks, keyPositions, distances, present, buckets, encodedMask } = places;
  const copy = (x: Value) => x.shape[0] === 1 ? x : o.concat(new Array<Value>(copies).fill(x), 0);
  const each = <T, U>(record: Readonly<Record<string, T>>, change: (x: T) => U) =>
    Object.fromEntries(Object.entries(record).map(([kind, x]) => [kind, change(x)]));
  return {
    angles: each(angles, ({ cosines, sines }) => ({ cosines: copy(cosines), sines: copy(sines) })),
    masks: each(masks, copy),
    ...(keyPositions === undefined ? {} : { keyPositions: copy(keyPositions) }),
    ...(distances === undefined ? {} : { distances }),
    ...(present === undefined ? {} : { present: copy(present) }),
    ...(buckets === undefined ? {} : { buckets: copy(buckets) }),
    ...(encodedMask === undefined ? {} : { encodedMask: copy(encodedMask) }),
  };
}

/** The logits at the labelled places of each member, edited behind the last norm where something acts there. */
function logitsOf(model: CompiledModel, result: SegmentResult, form: PieceForm): Value {
  const last = result.hiddenStates[result.hiddenStates.length - 1] as Value;
  const places = input("labelled.places", ["labelled", 1], "int64");
  const edit = membersHook(model.members, form, (ofTail) => rowsAt(ofTail, places));
  const rows = model.members.map((_, member) => rowsAt(batchOf(last, member), places));
  return requireLogits(model.architecture)(o.concat(rows, 0), weightsOf(model), edit);
}

/** Each member's losses: the cross-entropies of the labelled tokens [labelled, 1], or those of its head [batch, 1]. */
function labelledLosses(model: CompiledModel, result: SegmentResult, form: PieceForm): Value[] {
  const { members } = model, head = headOf(members[0] ?? []);
  if (head !== undefined) return told(model, result, form).map((each) => headLosses(each, head));
  const targets = input("labelled.targets", ["labelled", 1], "int64");
  const losses = o.crossEntropy(logitsOf(model, result, form), o.concat(members.map(() => targets), 0));
  return members.map((_, member) => batchOf(losses, member, "labelled"));
}

/** What each member's head tells of each row [batch, outputs]. */
function told(model: CompiledModel, { hiddenStates }: SegmentResult, form: PieceForm): Value[] {
  return toldOf(model, hiddenStates[hiddenStates.length - 1] as Value, weightsOf(model), form);
}

/** The programs of one training, or of several side by side. */
export interface TrainingPrograms {
  /** Each member's loss and gradients over a group of rows, the latter added to the gradients fed. */
  readonly accumulate: Program;
  /** The hidden states between the blocks of the tail. */
  readonly boundaries: readonly Boundary[];
  /** One step of the optimizer with the gradients fed. */
  readonly update: Program;
  /** The trained tensors in the form in which they are saved. */
  readonly save: Program;
  /** The trainable tensors by name. */
  readonly parameters: readonly Value[];
}

const scalarInput = (name: string) => input(name, []);

/** The programs of a training, before anything is cut from them. */
export function trainingPrograms(model: CompiledModel, layout: Layout, schedule: ScheduleName): TrainingPrograms {
  const result = tail(model, layout, trainingForm);
  const losses = labelledLosses(model, result, trainingForm).map((each) => {
    return scaledLoss(each, scalarInput("step.lossScale"));
  });
  // No member's loss depends on another's parameters, so the gradients of the sum are each member's own.
  const loss = losses.reduce((sum, each) => o.add(sum, each));
  const parameters = leavesOf({ name: "loss", outputs: { loss } }, "parameter");
  const varying = dependants(topologicalOrder([loss]), parameters);
  const states = result.hiddenStates.map((state) => ({ state, isVarying: varying.has(state) }));
  const found = gradients(loss, [...parameters, ...states.flatMap(({ state, isVarying }) => isVarying ? [state] : [])]);
  const totals = parameters.map((parameter, index) => {
    const gradient = found[index], fed = gradientInput(parameter);
    return [nextGradient(parameter), gradient === undefined ? fed : o.add(fed, gradient)] as const;
  });
  const named = losses.map((each, member) => [lossName(member), each] as const);
  let next = parameters.length;
  const between = states.map(({ state, isVarying }) => ({ state, cotangent: isVarying ? found[next++] : undefined }));
  const { program: accumulate, boundaries } = withBoundaries(
    { name: "accumulate", outputs: Object.fromEntries([...named, ...totals]) },
    between,
    simplify,
  );
  const update = simplify({ name: "update", outputs: updates(parameters, parameters.map(gradientInput), schedule) });
  return { accumulate, boundaries, update, save: saveProgram(model), parameters };
}

/** The name of a member's loss among a program's results. */
export function lossName(member: number): string {
  return `loss.${member}`;
}

function gradientInput(parameter: Value): Value {
  return input(`gradient.${leafName(parameter)}`, parameter.shape);
}

function nextGradient(parameter: Value): string {
  return `next.gradient.${leafName(parameter)}`;
}

/** Loss, gradients and the optimizer's step in one program, for steps whose rows all run together. */
export function trainProgram(
  { accumulate, update, parameters }: Pick<TrainingPrograms, "accumulate" | "update" | "parameters">,
): Program {
  const totals = parameters.map((parameter) => {
    return [gradientInput(parameter), accumulate.outputs[nextGradient(parameter)] as Value] as const;
  });
  const { outputs } = substitute(update, new Map(totals));
  const losses = Object.entries(accumulate.outputs).filter(([name]) => !name.startsWith("next."));
  return { name: "train", outputs: { ...Object.fromEntries(losses), ...outputs } };
}

/** The parts of an optimizer's state for a parameter, as names of fed tensors. */
export function stateNames(parameter: string): { readonly firstMoment: string; readonly secondMoment: string } {
  return { firstMoment: `first.${parameter}`, secondMoment: `second.${parameter}` };
}

function updates(
  parameters: readonly Value[],
  totals: readonly Value[],
  schedule: ScheduleName,
): Record<string, Value> {
  const step = scalarInput("step.index");
  const factor = schedules[schedule]({
    step,
    warmupSteps: scalarInput("step.warmupSteps"),
    totalSteps: scalarInput("step.totalSteps"),
  });
  const numbers = {
    learningRate: o.mul(scalarInput("step.learningRate"), factor),
    weightDecay: scalarInput("step.weightDecay"),
    beta1: scalarInput("step.beta1"),
    beta2: scalarInput("step.beta2"),
    epsilon: scalarInput("step.epsilon"),
    count: o.add(step, 1),
  };
  const outputs: Record<string, Value> = {};
  parameters.forEach((value, index) => {
    const name = leafName(value), moments = stateNames(name);
    const state: AdamWState = {
      value,
      firstMoment: input(moments.firstMoment, value.shape),
      secondMoment: input(moments.secondMoment, value.shape),
    };
    const next = adamw(state, totals[index] as Value, numbers);
    outputs[`next.${name}`] = next.value;
    outputs[`next.${moments.firstMoment}`] = next.firstMoment;
    outputs[`next.${moments.secondMoment}`] = next.secondMoment;
  });
  return outputs;
}

function saveProgram({ members }: CompiledModel): Program {
  const outputs = members.flat().flatMap((piece) =>
    Object.entries(trainedTensors(piece)).map(([name, value]) => [`saved.${piece.index}.${name}`, value] as const)
  );
  return simplify({ name: "save", outputs: Object.fromEntries(outputs) });
}

/** The log-likelihood of given completions: `losses` [labelled, 1]. */
export function scoreProgram(model: CompiledModel, layout: Layout): Program {
  const losses = labelledLosses(model, tail(model, layout, savedForm), savedForm);
  return simplify({ name: "score", outputs: { losses: o.concat(losses, 0) } });
}

/** What a model's head tells of rows: `told` [batch, outputs], the logits of classes or a number. */
export function headProgram(model: CompiledModel, layout: Layout): Program {
  const [only] = told(model, tail(model, layout, savedForm), savedForm);
  return simplify({ name: "head", outputs: { told: only as Value } });
}

/**
 * The prompt's pass: logits of each row's last token [batch, vocabulary], and every block's keys and values by segment;
 * a decoder's of what its encoder has read are those of the context.
 */
export function prefillProgram(model: CompiledModel, layout: Layout): Program {
  const { before, ...result } = tail(model, layout, savedForm);
  const runs = Object.entries({ ...before, tail: result.keyValues }).map(([name, run]) => namedKeyValues(name, run));
  return simplify({
    name: "prefill",
    outputs: { logits: logitsOf(model, result, savedForm), ...Object.assign({}, ...runs) },
  });
}

/**
 * One further token a row [batch, 1] after `past`; gives its logits and its own keys and values. Edits of the prompt have
 * acted already: their effect is in the past.
 */
export function decodeProgram(whole: CompiledModel): Program {
  const model = { ...whole, members: whole.members.map((pieces) => pieces.filter(actsOnCompletion)) };
  const { architecture, members } = model;
  const fed = pastInputs(architecture, "past");
  const past = [...virtualRuns(members.flat(), savedForm.tensors, architecture), fed];
  const edit = membersHook(members, savedForm);
  const encoded = architecture.encoder === undefined
    ? {}
    : { encoded: { keyValues: pastInputs(architecture, "encoded", "context") } };
  const segment = { ...segmentInputs(architecture, "tail", past.map(runLength)), past, ...encoded, edit };
  const result = architecture.forward(segment, weightsOf(model));
  const logits = logitsOf(model, result, savedForm);
  return simplify({ name: "decode", outputs: { logits, ...namedKeyValues("own", result.keyValues) } });
}

function namedKeyValues(name: string, run: readonly KeyValues[]): Record<string, Value> {
  return Object.fromEntries(
    run.flatMap(({ key, value }, block) => [[`${name}.${block}.key`, key], [`${name}.${block}.value`, value]]),
  );
}
