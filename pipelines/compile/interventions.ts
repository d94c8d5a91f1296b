/**
 * Edits as declared, lowered to interventions: one at one site of one block for one side of the prompt.
 *
 * @module
 */
import type { InterventionOptions, TensorRole } from "../../ops/interventions/intervention.ts";
import { type InterventionName, interventions } from "../../ops/interventions/mod.ts";
import { orthogonal } from "../../ops/interventions/orthogonal.ts";
import { input, parameter, type Value } from "../../ops/program.ts";
import { RequestError } from "../errors.ts";
import type { Architecture, EditHook, SiteName } from "../models/architecture.ts";
import { placing } from "../places.ts";
import type { EditSpec, Resolved } from "../spec.ts";
import { parsePositions, type Positions, type Side, sidesOf } from "./positions.ts";

/** One edit at one place. */
export interface Intervention {
  /** Names its tensors: `${index}.rotate` and so on. */
  readonly index: number;
  readonly kind: InterventionName;
  readonly options: InterventionOptions;
  readonly block: number;
  readonly site: SiteName;
  readonly side: Side;
  readonly positions: Positions;
  /** The positions as declared. */
  readonly positionsText: string;
  readonly rank: number;
  readonly tensors: Readonly<Record<string, TensorRole>>;
}

/**
 * The interventions of edits in the order of their indices: for each edit all its blocks, for the prefix first where it
 * has two sides.
 *
 * @throws {RequestError} If a block, site, rank or the positions are not the model's to have.
 */
export function lowerEdits(edits: readonly Resolved<EditSpec>[], architecture: Architecture): Intervention[] {
  const lowered: Intervention[] = [];
  for (const edit of edits) {
    for (const intervention of placing(edit, () => lower(edit, architecture))) {
      lowered.push({ index: lowered.length, ...intervention });
    }
  }
  return lowered;
}

function lower(edit: Resolved<EditSpec>, architecture: Architecture): Omit<Intervention, "index">[] {
  const { kind, at: { site, blocks }, rank, tied } = edit;
  const { activation = "linear", orthogonal = false, projectionBias = false } = edit;
  const options = { activation, orthogonal, projectionBias };
  const { width } = architecture;
  if (!Number.isInteger(rank) || rank < 1 || rank > width) {
    throw new RequestError(
      `the rank ${rank} is out of range; give a whole number from 1 to the model's width ${width}`,
    );
  }
  if (!architecture.sites.includes(site)) {
    throw new RequestError(`the model has no site ${site}; use one of those it has: ${architecture.sites.join(", ")}`);
  }
  const positions = parsePositions(edit.positions);
  const listed = placing(edit.at, () => blocksOf(blocks, architecture.blocks));
  const tensors = interventions[kind].tensors({ width, rank }, options);
  return sidesOf(positions, tied).flatMap((side) =>
    listed.map((block) => {
      return { kind, options, block, site, side, positions, positionsText: edit.positions, rank, tensors };
    })
  );
}

function blocksOf(blocks: Resolved<EditSpec>["at"]["blocks"], count: number): readonly number[] {
  if (blocks === "all") return Array.from({ length: count }, (_, block) => block);
  const listed = typeof blocks === "number" ? [blocks] : blocks;
  if (listed.length === 0) throw new RequestError('an edit names no block; give at least one, or "all"');
  for (const [at, block] of listed.entries()) {
    if (!Number.isInteger(block) || block < 0 || block >= count) {
      throw new RequestError(`block ${block} does not exist; the model has blocks 0 to ${count - 1}`);
    }
    if (listed.indexOf(block) !== at) throw new RequestError(`block ${block} is named twice; name each block once`);
  }
  return listed;
}

/** The name of the positions' mask [batch, tokens, 1] that an intervention reads. */
export function maskName({ positionsText, side }: Intervention): string {
  return `positions.${positionsText}.${side}`;
}

/** The tensors of an intervention as values of a program. */
export type TensorSource = (intervention: Intervention) => Readonly<Record<string, Value>>;

/** The tensors as they are saved and evaluated, fed by their names. */
export const savedTensors: TensorSource = ({ index, tensors }) =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { shape }]) => [name, parameter(`${index}.${name}`, shape)]),
  );

/** The tensors as they are trained: an orthogonal one as a function of free numbers over its fixed base. */
export const trainedTensors: TensorSource = ({ index, tensors }) =>
  Object.fromEntries(
    Object.entries(tensors).map(([tensor, { shape, start }]) => {
      const name = `${index}.${tensor}`;
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

/** The name of the free numbers behind an orthogonal tensor. */
export function freeName(tensor: string): string {
  return `${tensor}.free`;
}

/** The name of a part of an orthogonal tensor's fixed base. */
export function baseName(tensor: string, part: "reflectors" | "triangle" | "signs"): string {
  return `${tensor}.base.${part}`;
}

/** The hook that applies the interventions of each site in their order, reading masks over the segment's tokens. */
export function editHook(list: readonly Intervention[], source: TensorSource, tokens: string): EditHook {
  return (site, hidden) =>
    list.filter(({ block, site: name }) => block === site.block && name === site.name)
      .reduce((edited, intervention) => {
        const mask = input(maskName(intervention), ["batch", tokens, 1]);
        const { kind, options } = intervention;
        return interventions[kind].edit(edited, source(intervention), mask, options);
      }, hidden);
}
