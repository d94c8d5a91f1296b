/** The programs of a training: losses and gradients, optimizer steps, and saving. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { gradients } from "../../../ops/passes/autodiff.ts";
import * as o from "../../../ops/operators.ts";
import { clipByNorm } from "../../../ops/optimizers/clipping.ts";
import {
  dependants,
  input,
  leafName,
  leavesOf,
  type Program,
  topologicalOrder,
  type Value,
} from "../../../ops/program/program.ts";
import type { Boundary } from "../../../ops/passes/recompute.ts";
import { substitute } from "../../../ops/passes/rewrite.ts";
import { simplify } from "../../../ops/passes/simplify.ts";
import { baseDropout } from "../lower/base_dropout.ts";
import { trainedTensors, trainingForm } from "../lower/tensor_forms.ts";
import { withBoundaries } from "./activation_budget.ts";
import type { Layout } from "../rows/layout.ts";
import { type CompiledModel, runTail } from "./forward.ts";
import { stepLosses } from "./step_losses.ts";
import { nextOf, stateTensors, type TensorShape } from "./optimizer_step.ts";
import type { Stepping } from "./stepping.ts";

/** The programs of one training, or of several members trained together. */
interface TrainingPrograms {
  /** Each member's loss and gradients over a group of rows; the gradients are added to those fed. */
  readonly accumulate: Program;
  /** The hidden states between the blocks of the tail. */
  readonly boundaries: readonly Boundary[];
  /** One step of the optimizer with the gradients fed. */
  readonly update: Program;
  /** The trained tensors in the form in which they are saved. */
  readonly save: Program;
  /** The trainable tensors by name. */
  readonly parameters: readonly Value[];
  /** The optimizer's state of these, which starts at 0. */
  readonly state: readonly TensorShape[];
}

const scalarInput = (name: string) => input(name, []);

/** The programs of a training, before anything is cut from them. */
export function trainingPrograms(model: CompiledModel, layout: Layout, stepping: Stepping): TrainingPrograms {
  const form = stepping.dropsBase ? { ...trainingForm, dropBase: baseDropout(model.architecture) } : trainingForm;
  const result = runTail(model, layout, form);
  const members = stepLosses(model, result, form, stepping), losses = members.map(({ loss }) => loss);
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
  let later = parameters.length;
  const between = states.map(({ state, isVarying }) => ({ state, cotangent: isVarying ? found[later++] : undefined }));
  const { program: accumulate, boundaries } = withBoundaries(
    {
      name: "accumulate",
      outputs: Object.fromEntries([...named, ...members.flatMap(({ logged }) => Object.entries(logged)), ...totals]),
    },
    between,
    simplify,
  );
  const fedGradients = parameters.map(gradientInput);
  const { totals: stepped, norms } = stepping.clips
    ? clipped(model, parameters, fedGradients)
    : { totals: fedGradients, norms: {} };
  const next = nextOf(model, parameters, stepped, stepping);
  const update = simplify({ name: "update", outputs: { ...norms, ...next } });
  const state = stateTensors(parameters, stepping);
  return { accumulate, boundaries, update, save: saveProgram(model), parameters, state };
}

/** The name of a member's loss among a program's results. */
export function lossName(member: number): string {
  return `loss.${member}`;
}

/** The name of a member's gradient norm among a program's results, if gradients are clipped. */
export function normName(member: number): string {
  return `gradientNorm.${member}`;
}

/** Gradients clipped by each member's norm, and the norms before clipping. */
function clipped(
  { members }: Pick<CompiledModel, "members">,
  parameters: readonly Value[],
  gradients: readonly Value[],
): { readonly totals: readonly Value[]; readonly norms: Readonly<Record<string, Value>> } {
  const bound = scalarInput("step.maxGradNorm"), totals = [...gradients];
  const norms = members.map((adaptations, member) => {
    const isOwn = (name: string) =>
      members.length === 1 || adaptations.some(({ index }) => name.startsWith(`${index}.`));
    const own = [...parameters.keys()].filter((at) => isOwn(leafName(parameters[at]!)));
    const found = clipByNorm(own.map((at) => gradients[at]!), bound);
    own.forEach((at, index) => totals[at] = found.gradients[index]!);
    return [normName(member), found.norm] as const;
  });
  return { totals, norms: Object.fromEntries(norms) };
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
    return [gradientInput(parameter), ownValue(accumulate.outputs, nextGradient(parameter)) as Value] as const;
  });
  const { outputs } = substitute(update, new Map(totals));
  const losses = Object.entries(accumulate.outputs).filter(([name]) => !name.startsWith("next."));
  return { name: "train", outputs: { ...Object.fromEntries(losses), ...outputs } };
}

function saveProgram({ members }: CompiledModel): Program {
  const outputs = members.flat().flatMap((adaptation) =>
    Object.entries(trainedTensors(adaptation)).map(([name, value]) =>
      [`saved.${adaptation.index}.${name}`, value] as const
    )
  );
  return simplify({ name: "save", outputs: Object.fromEntries(outputs) });
}
