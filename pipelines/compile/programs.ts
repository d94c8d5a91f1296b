/**
 * The programs of a model with its edits, all from the one forward builder.
 *
 * @module
 */
import { gradients } from "../../ops/autodiff.ts";
import * as o from "../../ops/operators.ts";
import type { KeyValues } from "../../ops/nn/attention.ts";
import { rowsAt, scaledLoss } from "../../ops/nn/loss.ts";
import { adamw, type AdamWState } from "../../ops/optimizers/adamw.ts";
import { type ScheduleName, schedules } from "../../ops/optimizers/schedule.ts";
import {
  type DataType,
  input,
  leafName,
  leavesOf,
  parameter,
  type Program,
  type Value,
  weight,
} from "../../ops/program.ts";
import { substitute } from "../../ops/rewrite.ts";
import { simplify } from "../../ops/simplify.ts";
import type { Architecture, EditHook, SegmentResult, WeightSource } from "../models/architecture.ts";
import {
  actsOnCompletion,
  type Adaptation,
  editHook,
  savedTensors,
  tailMask,
  type TensorSource,
  trainedTensors,
} from "./adaptations.ts";
import { type Layout, pastInputs, segmentInputs, type SegmentName, wholeRows } from "./layout.ts";

/** A model to compile: its architecture, the types its weights are stored in, and what is learned of it. */
export interface CompiledModel {
  readonly architecture: Architecture;
  /** The stored type of a weight. */
  readonly storedType: (name: string) => DataType;
  readonly adaptations: readonly Adaptation[];
  /** Every weight is a parameter. */
  readonly full: boolean;
}

function weightsOf({ storedType, full }: CompiledModel): WeightSource {
  return (name, shape) =>
    full ? parameter(name, shape as number[]) : o.cast(weight(name, shape, storedType(name)), "float32");
}

/** The blocks over the segments in order, the tail's edited. */
function tail(model: CompiledModel, layout: Layout, tensors: TensorSource): SegmentResult {
  const { architecture, adaptations } = model;
  const weights = weightsOf(model);
  const edit = editHook(adaptations, tensors, tailMask);
  const before: SegmentName[] = [], past: (readonly KeyValues[])[] = [];
  const run = (name: SegmentName, edit?: EditHook) => {
    const segment = { ...segmentInputs(architecture, name, before), past: [...past] };
    return architecture.forward(edit === undefined ? segment : { ...segment, edit }, weights);
  };
  const frozen: SegmentName[] = [
    ...(layout.prefix > 0 ? ["prefix" as const] : []),
    ...(layout.tail === "whole" ? [] : ["context" as const]),
  ];
  for (const name of frozen) {
    past.push(run(name).keyValues);
    before.push(name);
  }
  return run("tail", edit);
}

/** The logits at the labelled places, edited behind the last norm where something acts there. */
function logitsOf(model: CompiledModel, result: SegmentResult, tensors: TensorSource): Value {
  const last = result.hiddenStates[result.hiddenStates.length - 1] as Value;
  const places = input("labelled.places", ["labelled", 1], "int64");
  const edit = editHook(model.adaptations, tensors, (intervention) => rowsAt(tailMask(intervention), places));
  return model.architecture.logits(rowsAt(last, places), weightsOf(model), edit);
}

/** The cross-entropies [labelled, 1] of the labelled tokens. */
function labelledLosses(model: CompiledModel, layout: Layout, tensors: TensorSource): Value {
  const logits = logitsOf(model, tail(model, layout, tensors), tensors);
  return o.crossEntropy(logits, input("labelled.targets", ["labelled", 1], "int64"));
}

/** The programs of one training. */
export interface TrainingPrograms {
  /** Loss and gradients of a group of rows, added to the gradients fed. */
  readonly accumulate: Program;
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
  const loss = scaledLoss(labelledLosses(model, layout, trainedTensors), scalarInput("step.lossScale"));
  const parameters = leavesOf({ name: "loss", outputs: { loss } }, "parameter");
  const totals = gradients(loss, parameters).map((gradient, index) => {
    const parameter = parameters[index] as Value, fed = gradientInput(parameter);
    return [nextGradient(parameter), gradient === undefined ? fed : o.add(fed, gradient)] as const;
  });
  const accumulate = simplify({ name: "accumulate", outputs: { loss, ...Object.fromEntries(totals) } });
  const update = simplify({ name: "update", outputs: updates(parameters, parameters.map(gradientInput), schedule) });
  return { accumulate, update, save: saveProgram(model), parameters };
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
  return { name: "train", outputs: { loss: accumulate.outputs["loss"] as Value, ...outputs } };
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

function saveProgram({ adaptations }: CompiledModel): Program {
  const outputs = adaptations.flatMap((piece) =>
    Object.entries(trainedTensors(piece)).map(([name, value]) => [`saved.${piece.index}.${name}`, value] as const)
  );
  return simplify({ name: "save", outputs: Object.fromEntries(outputs) });
}

/** The log-likelihood of given completions: `losses` [labelled, 1]. */
export function scoreProgram(model: CompiledModel, layout: Layout): Program {
  return simplify({ name: "score", outputs: { losses: labelledLosses(model, layout, savedTensors) } });
}

/** The prompt's pass: logits of each row's last token [batch, vocabulary], and every block's keys and values. */
export function prefillProgram(model: CompiledModel): Program {
  const result = tail(model, wholeRows, savedTensors);
  return simplify({
    name: "prefill",
    outputs: { logits: logitsOf(model, result, savedTensors), ...ownKeyValues(result) },
  });
}

/**
 * One further token a row [batch, 1] after `past`; gives its logits and its own keys and values. Edits of the prompt have
 * acted already: their effect is in the past.
 */
export function decodeProgram(whole: CompiledModel): Program {
  const model = { ...whole, adaptations: whole.adaptations.filter(actsOnCompletion) };
  const { architecture, adaptations } = model;
  const past = [pastInputs(architecture, "past")], edit = editHook(adaptations, savedTensors, tailMask);
  const segment = { ...segmentInputs(architecture, "tail", ["past"]), past, edit };
  const result = architecture.forward(segment, weightsOf(model));
  const logits = logitsOf(model, result, savedTensors);
  return simplify({ name: "decode", outputs: { logits, ...ownKeyValues(result) } });
}

function ownKeyValues(result: SegmentResult): Record<string, Value> {
  return Object.fromEntries(
    result.keyValues.flatMap(({ key, value }, block) => [[`own.${block}.key`, key], [`own.${block}.value`, value]]),
  );
}
