/**
 * What is learned of a frozen model, lowered: every edit and adapter as a list of pieces, each at one site of one block.
 *
 * @module
 */
import { adapters } from "../../ops/adapters/mod.ts";
import type { TensorRole } from "../../ops/interventions/intervention.ts";
import { interventions } from "../../ops/interventions/mod.ts";
import { orthogonal } from "../../ops/interventions/orthogonal.ts";
import { type Dimension, multiplyDimensions } from "../../ops/program/dimension.ts";
import * as o from "../../ops/operators.ts";
import { input, parameter, type Value } from "../../ops/program/program.ts";
import type { EditedModel, EditHook, Site, SiteName, StackName } from "../models/architecture.ts";
import { placing } from "../places.ts";
import type { PieceSpec, Resolved } from "../spec.ts";
import { isAdapterSpec, lowerAdapter, type LoweredAdapter } from "./adapters.ts";
import { frozenName, isHeadSpec, type LoweredHead, lowerHead, requireOneHead, withoutHead } from "./heads.ts";
import { type LoweredPrefix, lowerPrefix } from "./prefixes.ts";
import { type LoweredIntervention, lowerEdit, maskName, maskWidth } from "./interventions.ts";
import { runOfSite } from "./stacks.ts";

/** What pieces of both kinds have. */
interface Piece {
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
export type Intervention = Piece & LoweredIntervention;

/** An adapter of one projection. */
export type Adapter = Piece & LoweredAdapter;

/** Keys and values of one block before every prompt. */
export type Prefix = Piece & LoweredPrefix;

/** What the model tells of a text in place of writing on. */
export type Head = Piece & LoweredHead;

/** A piece of what is learned of a model. */
export type Adaptation = Intervention | Adapter | Prefix | Head;

/** A piece before it has its index. */
export type LoweredPiece = LoweredIntervention | LoweredAdapter | LoweredPrefix | LoweredHead;

/** Pieces that were trained before, with the file of their tensors. */
export interface LoadedPieces {
  readonly kind: "saved";
  readonly pieces: readonly LoweredPiece[];
  /** An absolute path. */
  readonly initial: string;
}

/**
 * The pieces of edits and adapters in the order of their indices: for each declaration all its blocks, for the prefix
 * first where an edit has two sides.
 *
 * @throws {RequestError} If a block, site, module, rank, head or the positions are not the model's to have, or there are two
 * heads.
 */
export function lowerAdaptations(
  specs: readonly (Resolved<PieceSpec> | LoadedPieces)[],
  architecture: EditedModel,
): Adaptation[] {
  const lowered: Adaptation[] = [];
  for (const spec of specs) {
    const pieces = spec.kind === "saved" ? spec.pieces : placing(spec, () => lowerOne(spec, architecture));
    for (const piece of pieces) lowered.push({ index: lowered.length, ...piece });
  }
  requireOneHead(lowered);
  return withFunctionsNumbered(lowered);
}

/** Functions that choose get numbers of this list, so that programs don't depend on what else was declared. */
function withFunctionsNumbered(list: readonly Adaptation[]): Adaptation[] {
  const names = new Map<string, string>();
  const numbered = (name: string) => names.getOrInsertComputed(name, () => `chosen ${names.size + 1}`);
  return list.map((piece) => {
    if (piece.form !== "intervention") return piece;
    const { positions: { chosen }, positionsText, subspace } = piece;
    return {
      ...piece,
      ...chosen?.isFunction ? { positionsText: numbered(positionsText) } : {},
      ...subspace?.isFunction ? { subspace: { ...subspace, name: numbered(subspace.name) } } : {},
    };
  });
}

/** Whether a function chooses something of each example. */
export function isChosenByFunction(piece: Adaptation): boolean {
  return piece.form === "intervention" &&
    [piece.positions.chosen, piece.subspace].some((chosen) => chosen?.isFunction === true);
}

/** The pieces of one declaration. */
export function lowerOne(
  spec: Resolved<PieceSpec>,
  architecture: EditedModel,
): readonly LoweredPiece[] {
  if (spec.kind === "prefixTuning") return lowerPrefix(spec, architecture);
  if (isHeadSpec(spec)) return [lowerHead(spec, architecture)];
  return isAdapterSpec(spec) ? lowerAdapter(spec, architecture) : lowerEdit(spec, architecture);
}

/** The interventions among pieces. */
export function interventionsOf(list: readonly Adaptation[]): readonly Intervention[] {
  return list.filter((piece) => piece.form === "intervention");
}

/** Whether a piece acts on tokens behind the prompt, too. */
export function actsOnCompletion(piece: Adaptation): boolean {
  return runOfSite(piece) === "tail" && (piece.form !== "intervention" || piece.positions.completion);
}

/** The tensors of a piece as values of a program. */
export type TensorSource = (piece: Adaptation) => Readonly<Record<string, Value>>;

/** The tensors as they are saved and evaluated, fed by their names. */
export const savedTensors: TensorSource = ({ index, tensors }) =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { shape }]) => [name, parameter(`${index}.${name}`, shape)]),
  );

/** The tensors as they are trained: an orthogonal one as a function of free numbers over its fixed base. */
export const trainedTensors: TensorSource = (piece) =>
  Object.fromEntries(
    Object.entries(piece.tensors).map(([tensor, { shape, start }]) => {
      const name = `${piece.index}.${tensor}`;
      if (isFrozen(piece)) return [tensor, input(frozenName(name), shape)];
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

/** Whether a piece stays as it starts. */
export function isFrozen(piece: Adaptation): boolean {
  return piece.form === "head" && piece.options.frozen;
}

/** How pieces stand in a program. */
export interface PieceForm {
  readonly tensors: TensorSource;
  /** Whether dropout acts. */
  readonly drops: boolean;
}

/** Pieces as they are evaluated. */
export const savedForm: PieceForm = { tensors: savedTensors, drops: false };

/** Pieces as they are trained. */
export const trainingForm: PieceForm = { tensors: trainedTensors, drops: true };

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

/** The pieces that dropout can act on. */
export type Droppable = Intervention | Adapter;

/** How wide what dropout acts on is: an edit's representation, or what an adapted projection reads. */
export function droppedWidth(piece: Droppable): number {
  return piece.form === "intervention" ? piece.width : piece.inputs;
}

/** The name of a piece's dropout factor. */
export function dropoutName({ index }: Droppable): string {
  return `dropout.${index}`;
}

/** What dropout multiplies by over the piece's run [batch, tokens, width]: 0 or 1/(1 − rate), and 1 where it does not act. */
function dropoutFactor(piece: Droppable): Value {
  return input(dropoutName(piece), ["batch", runOfSite(piece), droppedWidth(piece)]);
}

/** Takes a value of the tail's tokens [batch, tail, …] at those that a program is about. */
export type AtTokens = (ofTail: Value) => Value;

const everyToken: AtTokens = (ofTail) => ofTail;

/** Whether a piece edits or adapts what is at a site. */
function isAt(piece: Adaptation, { stack, block, name }: Site): piece is Droppable {
  const acts = piece.form !== "prefix" && piece.form !== "head";
  return acts && piece.stack === stack && piece.block === block && piece.site === name;
}

/** The hook that applies the pieces of each site in their order. */
export function editHook(
  list: readonly Adaptation[],
  { tensors, drops }: PieceForm,
  atTokens: AtTokens = everyToken,
): EditHook {
  const factorOf = (piece: Droppable) => {
    return drops && piece.dropout > 0 ? atTokens(dropoutFactor(piece)) : undefined;
  };
  return (site, hidden, projection) =>
    list.reduce((edited, piece) => {
      if (!isAt(piece, site)) return edited;
      const factor = factorOf(piece);
      const dropped = (x: Value) => factor === undefined ? x : o.mul(x, factor);
      if (piece.form === "intervention") {
        const { kind, head, width, options } = piece, mask = atTokens(positionMask(piece));
        const edit = (part: Value) => dropped(interventions[kind].edit(part, tensors(piece), mask, options));
        return head === undefined ? edit(edited) : editHead(edited, head, width, edit);
      }
      if (projection === undefined) throw new TypeError(`${site.name} is no projection's output`);
      const read = factor === undefined ? projection : { ...projection, dropped: dropped(projection.input) };
      return adapters[piece.kind].adapt(edited, read, tensors(piece), piece.options);
    }, hidden);
}

/**
 * The hook of several members that are trained side by side, each with its own pieces: at the lowest block that any of them
 * edits the batch becomes one copy a member, and from there on each copy gets its member's pieces.
 *
 * @param members All of the same {@linkcode copyingBlock}, if there are several.
 */
export function membersHook(
  members: readonly (readonly Adaptation[])[],
  form: PieceForm,
  atTokens: AtTokens = everyToken,
): EditHook {
  const hooks = members.map((list) => editHook(list, form, atTokens));
  const [only] = hooks;
  if (hooks.length === 1 && only !== undefined) return only;
  const lowest = copyingBlock(members.flat());
  return (site, hidden, projection) => {
    if (!members.flat().some((piece) => isAt(piece, site))) return hidden;
    const part = (member: number) => site.block === lowest ? hidden : batchOf(hidden, member);
    return o.concat(hooks.map((hook, member) => hook(site, part(member), projection)), 0);
  };
}

/**
 * The block at whose output members trained side by side part; `undefined` if something acts where they cannot: before
 * that output, on a projection, outside the blocks, or on what an encoder reads.
 */
export function copyingBlock(all: readonly Adaptation[]): number | undefined {
  const pieces = withoutHead(all), lowest = Math.min(...pieces.map(({ block }) => block ?? -1));
  const fits = Number.isFinite(lowest) && pieces.every((piece) => {
    return piece.form === "intervention" && runOfSite(piece) === "tail" &&
      (piece.block !== lowest || piece.site === "block.output");
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
