/**
 * What is learned of a frozen model, lowered: every edit and adapter as a list of adaptations, each at one site of one block.
 *
 * @module
 */
import { adapters } from "../../../ops/adapters/mod.ts";
import type { TensorRole } from "../../../ops/interventions/intervention.ts";
import { interventions } from "../../../ops/interventions/mod.ts";
import { orthogonal } from "../../../ops/interventions/orthogonal.ts";
import { type Dimension, multiplyDimensions } from "../../../ops/program/dimension.ts";
import * as o from "../../../ops/operators.ts";
import { input, parameter, type Value } from "../../../ops/program/program.ts";
import type { EditedModel, EditHook, Site, SiteName, StackName } from "../../models/architecture/architecture.ts";
import { atLocationOf } from "../../common/source_location.ts";
import type { Resolved, TrainableSpec } from "../../spec/mod.ts";
import { isAdapterSpec, lowerAdapter, type LoweredAdapter } from "./adapters.ts";
import { frozenName, isHeadSpec, type LoweredHead, lowerHead, requireOneHead, withoutHead } from "./heads.ts";
import { type LoweredPrefixTuning, lowerPrefixTuning } from "./prefix_tuning.ts";
import { type LoweredIntervention, lowerEdit, maskName, maskWidth } from "./interventions.ts";
import { runOfSite } from "./stacks.ts";

/** What adaptations of both kinds have. */
interface AdaptationBase {
  /** Names its tensors: `${index}.rotate` and so on. */
  readonly index: number;
  /** Whose block or site it is, in a model of two stacks. */
  readonly stack?: StackName | undefined;
  readonly block: number | undefined;
  readonly site: SiteName;
  /** What its linear tensors multiply: they start within ±1/√inputs. */
  readonly inputs: number;
  readonly tensors: Readonly<Record<string, TensorRole>>;
}

/** An edit of the representation at one site, for one side of the prompt. */
export type Intervention = AdaptationBase & LoweredIntervention;

/** An adapter of one projection. */
export type Adapter = AdaptationBase & LoweredAdapter;

/** Keys and values of one block before every prompt. */
export type PrefixTuning = AdaptationBase & LoweredPrefixTuning;

/** What the model tells of a text in place of writing on. */
export type Head = AdaptationBase & LoweredHead;

/** An adaptation of what is learned of a model. */
export type Adaptation = Intervention | Adapter | PrefixTuning | Head;

/** An adaptation before it has its index. */
export type LoweredAdaptation = LoweredIntervention | LoweredAdapter | LoweredPrefixTuning | LoweredHead;

/** Adaptations that were trained before, with the file of their tensors. */
export interface LoadedAdaptations {
  readonly kind: "saved";
  readonly adaptations: readonly LoweredAdaptation[];
  /** An absolute path. */
  readonly initial: string;
}

/**
 * The adaptations of edits and adapters in the order of their indices: for each declaration all its blocks, for the prefix
 * first where an edit has two sides.
 *
 * @throws {RequestError} If a block, site, module, rank, head or the positions are not the model's to have, or there are two
 * heads.
 */
export function lowerAdaptations(
  specs: readonly (Resolved<TrainableSpec> | LoadedAdaptations)[],
  architecture: EditedModel,
): Adaptation[] {
  const lowered: Adaptation[] = [];
  for (const spec of specs) {
    const adaptations = spec.kind === "saved"
      ? spec.adaptations
      : atLocationOf(spec, () => lowerOne(spec, architecture));
    for (const adaptation of adaptations) lowered.push({ index: lowered.length, ...adaptation });
  }
  requireOneHead(lowered);
  return withFunctionsNumbered(lowered);
}

/** Functions that choose get numbers of this list, so that programs don't depend on what else was declared. */
function withFunctionsNumbered(list: readonly Adaptation[]): Adaptation[] {
  const names = new Map<string, string>();
  const numbered = (name: string) => names.getOrInsertComputed(name, () => `chosen ${names.size + 1}`);
  return list.map((adaptation) => {
    if (adaptation.form !== "intervention") return adaptation;
    const { positions: { selector: chosen }, positionsText, subspace } = adaptation;
    return {
      ...adaptation,
      ...chosen?.isFunction ? { positionsText: numbered(positionsText) } : {},
      ...subspace?.isFunction ? { subspace: { ...subspace, name: numbered(subspace.name) } } : {},
    };
  });
}

/** Whether a function chooses something of each example. */
export function isChosenByFunction(adaptation: Adaptation): boolean {
  return adaptation.form === "intervention" &&
    [adaptation.positions.selector, adaptation.subspace].some((chosen) => chosen?.isFunction === true);
}

/** The adaptations of one declaration. */
export function lowerOne(
  spec: Resolved<TrainableSpec>,
  architecture: EditedModel,
): readonly LoweredAdaptation[] {
  if (spec.kind === "prefixTuning") return lowerPrefixTuning(spec, architecture);
  if (isHeadSpec(spec)) return [lowerHead(spec, architecture)];
  return isAdapterSpec(spec) ? lowerAdapter(spec, architecture) : lowerEdit(spec, architecture);
}

/** The interventions among adaptations. */
export function interventionsOf(list: readonly Adaptation[]): readonly Intervention[] {
  return list.filter((adaptation) => adaptation.form === "intervention");
}

/** Whether an adaptation acts on tokens behind the prompt, too. */
export function actsOnCompletion(adaptation: Adaptation): boolean {
  return runOfSite(adaptation) === "tail" && (adaptation.form !== "intervention" || adaptation.positions.completion);
}

/** The tensors of an adaptation as values of a program. */
export type TensorSource = (adaptation: Adaptation) => Readonly<Record<string, Value>>;

/** The tensors as they are saved and evaluated, fed by their names. */
export const savedTensors: TensorSource = ({ index, tensors }) =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { shape }]) => [name, parameter(`${index}.${name}`, shape)]),
  );

/** The tensors as they are trained: an orthogonal one as a function of free numbers over its fixed base. */
export const trainedTensors: TensorSource = (adaptation) =>
  Object.fromEntries(
    Object.entries(adaptation.tensors).map(([tensor, { shape, start }]) => {
      const name = `${adaptation.index}.${tensor}`;
      if (isFrozen(adaptation)) return [tensor, input(frozenName(name), shape)];
      if (start !== "orthogonal") return [tensor, parameter(name, shape)];
      const [, rank] = shape as readonly [number, number];
      return [
        tensor,
        orthogonal(parameter(freeName(name), shape), {
          reflectors: input(baseName(name, "reflectors"), shape),
          triangle: input(baseName(name, "triangle"), [rank, rank]),
          signs: input(baseName(name, "signs"), [rank, 1]),
        }),
      ];
    }),
  );

/** Whether an adaptation stays as it starts. */
export function isFrozen(adaptation: Adaptation): boolean {
  return adaptation.form === "head" && adaptation.options.frozen;
}

/** How adaptations stand in a program. */
export interface TensorForm {
  readonly tensors: TensorSource;
  /** Whether dropout acts. */
  readonly drops: boolean;
}

/** Adaptations as they are evaluated. */
export const savedForm: TensorForm = { tensors: savedTensors, drops: false };

/** Adaptations as they are trained. */
export const trainingForm: TensorForm = { tensors: trainedTensors, drops: true };

/** The name of the free numbers behind an orthogonal tensor. */
export function freeName(tensor: string): string {
  return `${tensor}.free`;
}

/** The name of a part of an orthogonal tensor's fixed base. */
export function baseName(tensor: string, part: "reflectors" | "triangle" | "signs"): string {
  return `${tensor}.base.${part}`;
}

/** The mask of an intervention's positions, and of its rank's rows where these vary, over its run, as it is fed. */
function positionMask(intervention: Intervention): Value {
  return input(maskName(intervention), ["batch", runOfSite(intervention), maskWidth(intervention)]);
}

/** The adaptations that dropout can act on. */
export type Droppable = Intervention | Adapter;

/** How wide what dropout acts on is: an edit's representation, or what an adapted projection reads. */
export function droppedWidth(adaptation: Droppable): number {
  return adaptation.form === "intervention" ? adaptation.width : adaptation.inputs;
}

/** The name of an adaptation's dropout factor. */
export function dropoutName({ index }: Droppable): string {
  return `dropout.${index}`;
}

/** What dropout multiplies by over the adaptation's run [batch, tokens, width]: 0 or 1/(1 − rate), and 1 where it does not act. */
function dropoutFactor(adaptation: Droppable): Value {
  return input(dropoutName(adaptation), ["batch", runOfSite(adaptation), droppedWidth(adaptation)]);
}

/** Takes a value of the tail's tokens [batch, tail, …] at those that a program is about. */
export type AtTokens = (ofTail: Value) => Value;

const everyToken: AtTokens = (ofTail) => ofTail;

/** Whether an adaptation edits or adapts what is at a site. */
function isAt(adaptation: Adaptation, { stack, block, name }: Site): adaptation is Droppable {
  const acts = adaptation.form !== "prefix" && adaptation.form !== "head";
  return acts && adaptation.stack === stack && adaptation.block === block && adaptation.site === name;
}

/** The hook that applies the adaptations of each site in their order. */
export function editHook(
  list: readonly Adaptation[],
  { tensors, drops }: TensorForm,
  atTokens: AtTokens = everyToken,
): EditHook {
  const factorOf = (adaptation: Droppable) => {
    return drops && adaptation.dropout > 0 ? atTokens(dropoutFactor(adaptation)) : undefined;
  };
  return (site, hidden, projection) =>
    list.reduce((edited, adaptation) => {
      if (!isAt(adaptation, site)) return edited;
      const factor = factorOf(adaptation);
      const dropped = (x: Value) => factor === undefined ? x : o.mul(x, factor);
      if (adaptation.form === "intervention") {
        const { kind, head, width, options } = adaptation, mask = atTokens(positionMask(adaptation));
        const edit = (part: Value) => dropped(interventions[kind].edit(part, tensors(adaptation), mask, options));
        return head === undefined ? edit(edited) : editHead(edited, head, width, edit);
      }
      if (projection === undefined) throw new TypeError(`${site.name} is no projection's output`);
      const read = factor === undefined ? projection : { ...projection, dropped: dropped(projection.input) };
      return adapters[adaptation.kind].adapt(edited, read, tensors(adaptation), adaptation.options);
    }, hidden);
}

/**
 * The hook of several members that are trained side by side, each with its own adaptations: at the lowest block that any of them
 * edits the batch becomes one copy a member, and from there on each copy gets its member's adaptations.
 *
 * @param members All of the same {@linkcode copyingBlock}, if there are several.
 */
export function membersHook(
  members: readonly (readonly Adaptation[])[],
  form: TensorForm,
  atTokens: AtTokens = everyToken,
): EditHook {
  const hooks = members.map((list) => editHook(list, form, atTokens));
  const [only] = hooks;
  if (hooks.length === 1 && only !== undefined) return only;
  const lowest = copyingBlock(members.flat());
  return (site, hidden, projection) => {
    if (!members.flat().some((adaptation) => isAt(adaptation, site))) return hidden;
    const part = (member: number) => site.block === lowest ? hidden : batchOf(hidden, member);
    return o.concat(hooks.map((hook, member) => hook(site, part(member), projection)), 0);
  };
}

/**
 * The block at whose output members trained side by side part; `undefined` if something acts where they cannot: before
 * that output, on a projection, outside the blocks, or on what an encoder reads.
 */
export function copyingBlock(all: readonly Adaptation[]): number | undefined {
  const adaptations = withoutHead(all), lowest = Math.min(...adaptations.map(({ block }) => block ?? -1));
  const fits = Number.isFinite(lowest) && adaptations.every((adaptation) => {
    return adaptation.form === "intervention" && runOfSite(adaptation) === "tail" &&
      (adaptation.block !== lowest || adaptation.site === "block.output");
  });
  return fits && lowest >= 0 ? lowest : undefined;
}

/** The rows [batch, …] of one member in those of all. */
export function batchOf(x: Value, member: number, batch: Dimension = "batch"): Value {
  return o.slice(x, 0, multiplyDimensions(member, batch), multiplyDimensions(member + 1, batch));
}

/** Edits the columns of one head. */
function editHead(hidden: Value, head: number, width: number, edit: (part: Value) => Value): Value {
  const axis = hidden.shape.length - 1, whole = hidden.shape[axis] as number;
  const start = head * width, end = start + width;
  const before = start === 0 ? [] : [o.slice(hidden, axis, 0, start)];
  const after = end === whole ? [] : [o.slice(hidden, axis, end, whole)];
  return o.concat([...before, edit(o.slice(hidden, axis, start, end)), ...after], axis);
}
